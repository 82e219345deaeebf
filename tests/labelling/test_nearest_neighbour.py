"""Tests of labelling by the nearest neighbours."""

from __future__ import annotations

import math
from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from keras_selflearn.console.errors import InputError
from keras_selflearn.labelling import make_labeller

N_CLASSES = 5  # one more than has labelled examples


def labeller_of(reference, labels, k, n_classes=N_CLASSES):
    labeller = make_labeller("nearest", n_classes=n_classes, n_neighbors=k)
    return labeller.fit(reference, labels)


def naive_label(reference, labels, embedding, k):
    """Label, confidence and vote shares, where no two examples are equally far."""
    neighbours = sorted(zip([math.dist(embedding, each) for each in reference], labels))[:k]
    votes = Counter(label for _, label in neighbours)
    most = max(votes.values())
    for distance, label in neighbours:
        if votes[label] == most:
            return label, -distance, [votes[each] / k for each in range(N_CLASSES)]


@st.composite
def spread_examples(draw):
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    m, dim = draw(st.integers(3, 12)), draw(st.integers(2, 8))
    labels = draw(st.lists(st.integers(0, 3), min_size=m, max_size=m))
    return rng.normal(size=(m, dim)).astype(np.float32), labels, rng.normal(size=(6, dim))


@pytest.mark.parametrize("k", [1, 2, 3])
@settings(derandomize=True, deadline=None, max_examples=60)
@given(spread_examples())
def test_labels_and_probabilities_are_those_of_a_loop(k, drawn):
    reference, labels, embeddings = drawn
    embeddings = embeddings.astype(np.float32)
    labeller = labeller_of(reference, np.array(labels), k)
    predicted, confidences, matched = labeller.label(embeddings)
    probabilities = labeller.probabilities(embeddings)
    assert (predicted.dtype, confidences.dtype) == (np.int64, np.float64)
    assert probabilities.dtype == np.float32
    assert probabilities.shape == (len(embeddings), N_CLASSES)
    for i, embedding in enumerate(embeddings):
        label, confidence, shares = naive_label(reference, labels, embedding, k)
        assert predicted[i] == label
        np.testing.assert_allclose(confidences[i], confidence, rtol=1e-6)
        assert labels[matched[i]] == label
        distance = math.dist(embedding, reference[matched[i]])
        np.testing.assert_allclose(distance, -confidence, rtol=1e-6)
        np.testing.assert_allclose(probabilities[i], shares, atol=1e-6)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, rtol=1e-6)


def rightful_answers(reference, labels, embedding, k):
    """All pairs of label and confidence that some choice among equally far examples gives."""
    distances = [math.dist(embedding, each) for each in reference]
    last = sorted(distances)[k - 1]
    nearer = [i for i, distance in enumerate(distances) if distance < last]
    equally_far = [i for i, distance in enumerate(distances) if distance == last]
    answers = set()
    for chosen in combinations(equally_far, k - len(nearer)):
        neighbours = [*nearer, *chosen]
        votes = Counter(labels[i] for i in neighbours)
        winners = [i for i in neighbours if votes[labels[i]] == max(votes.values())]
        least = min(distances[i] for i in winners)
        answers |= {(labels[i], -least) for i in winners if distances[i] == least}
    return answers


@st.composite
def repeated_examples(draw):
    """On a grid: many examples are repeated, also across classes, or equally far."""
    m, dim = draw(st.integers(3, 8)), draw(st.integers(1, 3))
    points = arrays_of.arrays(np.int8, (m, dim), elements=st.integers(-2, 2))
    labels = draw(st.lists(st.integers(0, 3), min_size=m, max_size=m))
    return draw(points).astype(np.float32), labels, draw(points).astype(np.float32)


@pytest.mark.parametrize("k", [1, 2, 3])
@settings(derandomize=True, deadline=None, max_examples=100)
@given(repeated_examples())
def test_ties_go_to_a_class_of_most_votes_with_the_nearest_example(k, drawn):
    reference, labels, embeddings = drawn
    labeller = labeller_of(reference, np.array(labels), k)
    predicted, confidences, matched = labeller.label(embeddings)
    probabilities = labeller.probabilities(embeddings)
    for i, embedding in enumerate(embeddings):
        answers = rightful_answers(reference, labels, embedding, k)
        rightful = [confidence for label, confidence in answers if label == predicted[i]]
        assert np.isclose(confidences[i], rightful, rtol=1e-6, atol=1e-6).any()
        distance = math.dist(embeddings[i], reference[matched[i]])
        assert labels[matched[i]] == predicted[i]
        assert math.isclose(distance, -confidences[i], rel_tol=1e-6, abs_tol=1e-6)
        assert probabilities[i, predicted[i]] == probabilities[i].max()


@pytest.mark.parametrize("k", [1, 2, 3])
@settings(derandomize=True, deadline=None, max_examples=40)
@given(repeated_examples())
def test_ties_are_decided_alike_alone_and_in_any_company(k, drawn):
    reference, labels, embeddings = drawn
    labeller = labeller_of(reference, np.array(labels), k)
    together, *_ = labeller.label(embeddings)
    alone = [labeller.label(embedding[None])[0][0] for embedding in embeddings]
    among_many, *_ = labeller.label(np.tile(embeddings[::-1], (60, 1)))
    np.testing.assert_array_equal(together, alone)
    np.testing.assert_array_equal(np.tile(together[::-1], 60), among_many)


@pytest.mark.parametrize("k", [2, 3, 5])
def test_of_equally_far_examples_the_first_ones_vote(k):
    rng = np.random.default_rng(k)
    reference, embeddings = (rng.integers(-1, 2, (n, 2)).astype(np.float32) for n in (40, 200))
    labels = rng.integers(0, N_CLASSES, 40)
    labeller = labeller_of(reference, labels, k)
    for embedding, shares in zip(embeddings, labeller.probabilities(embeddings)):
        squares = ((reference - embedding) ** 2).sum(axis=1)  # exact in small integers
        voters = labels[np.argsort(squares, kind="stable")[:k]]
        expected = np.bincount(voters, minlength=N_CLASSES) / k
        np.testing.assert_allclose(shares, expected, atol=1e-6)


def test_tie_between_classes_goes_to_the_nearest_whatever_their_numbers():
    reference = np.array([[3.0], [1.0], [2.0]], np.float32)
    labeller = labeller_of(reference, np.array([0, 2, 1]), 3, n_classes=3)
    labels, confidences, matched = labeller.label(np.array([[0.0], [2.25], [9.0]], np.float32))
    np.testing.assert_array_equal(labels, [2, 1, 0])
    np.testing.assert_array_equal(matched, [1, 2, 0])
    np.testing.assert_allclose(confidences, [-1.0, -0.25, -6.0], atol=1e-6)


def test_majority_wins_over_the_nearest_and_its_nearest_example_is_the_confidence():
    reference = np.array([[1.0], [4.0], [2.0]], np.float32)
    labeller = labeller_of(reference, np.array([0, 1, 1]), 3, n_classes=4)
    labels, confidences, matched = labeller.label(np.zeros((1, 1), np.float32))
    assert (labels[0], confidences[0], matched[0]) == (1, -2.0, 2)
    probabilities = labeller.probabilities(np.zeros((1, 1), np.float32))
    np.testing.assert_allclose(probabilities, [[1 / 3, 2 / 3, 0, 0]], rtol=1e-6)


@pytest.mark.parametrize("k", [-1, 0, 3])
def test_k_below_1_or_above_the_number_of_examples_is_refused(k):
    with pytest.raises(InputError, match=f"n_neighbors is {k}"):
        labeller_of(np.zeros((2, 4), np.float32), np.array([0, 1]), k, n_classes=2)


def test_k_may_be_the_number_of_examples():
    labeller = labeller_of(np.zeros((2, 4), np.float32), np.array([1, 1]), 2, n_classes=2)
    np.testing.assert_array_equal(labeller.label(np.ones((1, 4), np.float32))[0], [1])
