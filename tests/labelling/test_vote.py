"""A vote of labellers, against one that is counted image by image."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import tensorflow as tf

from keras_selflearn.labelling import graph as graph_module
from keras_selflearn.labelling import labeller_class, make_labeller
from keras_selflearn.labelling.labeller import Graph, Setting
from keras_selflearn.labelling.linear_heads import LinearHead
from keras_selflearn.labelling.memory import Memory
from keras_selflearn.labelling.vote_in_graph import vote_graph

N_CLASSES = 4
VOTERS = ("graph", "nearest", "softmax")


def rows(n, seed):
    return np.random.default_rng(seed).normal(size=(n, 6)).astype(np.float32)


REFERENCE, NEW = rows(24, 0), rows(80, 1)
LABELS = np.arange(24) % N_CLASSES
HEAD = LinearHead(rows(N_CLASSES, 2).T, np.zeros(N_CLASSES, np.float32))


def made(name, head=HEAD, **setting):
    return make_labeller(name, n_classes=N_CLASSES, head=head, **{"n_neighbors": 3, **setting})


def vote(voters=VOTERS, **setting):
    return made("vote", voters=voters, **setting)


def counted(labels, probabilities):
    """Winner and share of each image; `labels` and `probabilities` have an entry for each voter."""
    for i in range(len(labels[0])):
        votes = Counter(int(each[i]) for each in labels if each[i] >= 0)
        most = max(votes.values())
        means = np.mean([each[i] for each in probabilities], axis=0)
        winner = max((c for c in votes if votes[c] == most), key=lambda c: means[c])
        yield winner, most / len(labels)


def assert_counted(found, labels, probabilities):
    winners, shares = zip(*counted(labels, probabilities))
    np.testing.assert_array_equal(found.labels, winners)
    np.testing.assert_allclose(found.confidence, shares, rtol=1e-6)
    assert found.confidence.dtype == np.float64
    assert len({*shares}) == len(labels), "ties and agreement should both be there"


def test_new_images_get_the_class_with_most_votes():
    subject = vote().fit(REFERENCE, LABELS)
    graph = made("graph", head=None).fit(REFERENCE, LABELS)
    nearest = made("nearest").fit(REFERENCE, LABELS)
    softmax = made("softmax").fit(REFERENCE[:0], LABELS[:0])
    voters = (graph, nearest, softmax)
    labels = [each.label(NEW).labels for each in voters]
    found = subject.label(NEW)
    assert_counted(found, labels, [each.probabilities(NEW) for each in voters])
    votes = np.mean([np.eye(N_CLASSES)[each] for each in labels], axis=0)
    np.testing.assert_allclose(subject.probabilities(NEW), votes, rtol=1e-6)
    for i, label in enumerate(found.labels):
        places = [
            each.label(NEW).nearest[i] for each in voters if each.label(NEW).labels[i] == label
        ]
        assert found.nearest[i] == next((place for place in places if place >= 0), -1)


@pytest.mark.parametrize("later_round", [False, True])
def test_unlabelled_images_are_voted_on_with_the_whole_graph(later_round):
    setting = {"later_round": later_round, "graph_neighbors": 4, "prior": "equal"}
    subject = vote(**setting).fit(REFERENCE, LABELS, NEW)
    graph = made("graph", **setting).fit(REFERENCE, LABELS, NEW)
    nearest = made("nearest").fit(REFERENCE, LABELS)
    softmax = made("softmax").fit(REFERENCE[:0], LABELS[:0])
    labels = [graph.label_unlabelled().labels, nearest.label(NEW).labels, softmax.label(NEW).labels]
    probabilities = [graph.unlabelled_probabilities()]
    probabilities += [nearest.probabilities(NEW), softmax.probabilities(NEW)]
    assert_counted(subject.label_unlabelled(), labels, probabilities)
    # New images are still labelled, too.
    expected = vote(**setting).fit(REFERENCE, LABELS).label(NEW)
    np.testing.assert_array_equal(subject.label(NEW).labels, expected.labels)


# Two networks side by side: the first has two columns, and the second has four.
COLUMNS = {"columns_of_networks": (2, 4)}
PARTS = slice(2), slice(2, 6)


def test_each_network_has_a_vote_of_each_labeller_that_compares():
    subject = vote(**COLUMNS).fit(REFERENCE, LABELS)
    voters = [
        (made(name, head=None).fit(REFERENCE[:, part], LABELS), NEW[:, part])
        for name in ("graph", "nearest")
        for part in PARTS
    ]
    voters.append((made("softmax").fit(REFERENCE[:0], LABELS[:0]), NEW))
    labels = [each.label(seen).labels for each, seen in voters]
    probabilities = [each.probabilities(seen) for each, seen in voters]
    found = subject.label(NEW)
    winners, shares = zip(*counted(labels, probabilities))
    np.testing.assert_array_equal(found.labels, winners)
    np.testing.assert_allclose(found.confidence, shares, rtol=1e-6)
    assert {2, 3, 4, 5} == {round(5 * each) for each in shares}
    expected = np.mean([np.eye(N_CLASSES)[each] for each in labels], axis=0)
    np.testing.assert_allclose(subject.probabilities(NEW), expected, rtol=1e-6)


@pytest.mark.parametrize("later_round", [False, True])
def test_each_network_has_a_graph_of_the_unlabelled_images(later_round):
    setting = {"later_round": later_round, "graph_neighbors": 4, "prior": "equal"}
    # The same columns twice, and a head that needs both: each network must say what one would say.
    twice = [np.tile(each, 2) for each in (REFERENCE, NEW)]
    half = LinearHead(np.tile(HEAD.kernel / 2, (2, 1)), HEAD.bias)
    subject = made("vote", head=half, voters=VOTERS, columns_of_networks=(6, 6), **setting)
    subject.fit(twice[0], LABELS, twice[1])
    graph = made("graph", **setting).fit(REFERENCE, LABELS, NEW)
    nearest = made("nearest").fit(REFERENCE, LABELS)
    softmax = made("softmax").fit(REFERENCE[:0], LABELS[:0])
    labels = [graph.label_unlabelled().labels, nearest.label(NEW).labels] * 2
    probabilities = [graph.unlabelled_probabilities(), nearest.probabilities(NEW)] * 2
    labels.append(softmax.label(NEW).labels)
    probabilities.append(softmax.probabilities(NEW))
    found = subject.label_unlabelled()
    winners, shares = zip(*counted(labels, probabilities))
    np.testing.assert_array_equal(found.labels, winners)
    np.testing.assert_allclose(found.confidence, shares, rtol=1e-6)
    expected = np.mean([np.eye(N_CLASSES)[each] for each in labels], axis=0)
    np.testing.assert_allclose(subject.unlabelled_probabilities(), expected, rtol=1e-6)


def test_the_graph_of_each_network_is_made_once(monkeypatch):
    made_of = []

    def similarity_graph(embeddings, **options):
        made_of.append(embeddings.shape[1])
        return real(embeddings, **options)

    real = graph_module.similarity_graph
    monkeypatch.setattr(graph_module, "similarity_graph", similarity_graph)
    memory = Memory()
    for later_round in (False, True, True):
        vote(memory=memory, later_round=later_round, **COLUMNS).fit(REFERENCE, LABELS, NEW)
    assert made_of == [2, 4]


def test_a_voter_that_can_t_tell_has_no_vote():
    # Two groups of images; none of the second has a label.
    near, far = np.eye(1, 6)[np.zeros(12, int)], np.eye(6)[np.full(12, 5)]
    jitter = 0.01 * np.random.default_rng(3).normal(size=(24, 6))
    unlabelled = (np.concatenate([near, far]) + jitter).astype(np.float32)
    reference = (np.eye(1, 6)[[0, 0]] + [[0.01], [-0.01]]).astype(np.float32)
    subject = vote(("graph", "nearest"), n_neighbors=1, graph_neighbors=3, prior="equal")
    subject.fit(reference, np.array([0, 1]), unlabelled)
    found = subject.label_unlabelled()
    np.testing.assert_array_equal(found.confidence[12:], 0.5)
    nearest = made("nearest", n_neighbors=1).fit(reference, np.array([0, 1]))
    np.testing.assert_array_equal(found.labels[12:], nearest.label(unlabelled[12:]).labels)


def test_the_mean_probability_decides_between_equally_many_votes():
    def says(label, probabilities):
        return lambda _: (tf.constant([label]), tf.constant([probabilities]), tf.constant([1.0]))

    graphs = [
        Graph(says(0, [0.4, 0.3, 0.3]), ()),
        Graph(says(2, [0.3, 0.1, 0.6]), ()),
    ]
    label, shares, confidence = vote_graph(graphs).label(tf.zeros((1, 6)))
    assert label.numpy() == [2] and confidence.numpy() == [0.5]
    np.testing.assert_array_equal(shares, [[0.5, 0, 0.5]])


@pytest.mark.parametrize("networks", [{}, COLUMNS])
@pytest.mark.parametrize("voters", [VOTERS, ("graph", "nearest"), ("softmax", "nearest")])
def test_tensorflow_counts_the_same(voters, networks):
    subject = vote(voters, **networks).fit(REFERENCE, LABELS)
    label, variables = subject.in_graph()
    labels, probabilities, confidence = (
        each.numpy() for each in tf.function(label)(tf.constant(NEW))
    )
    expected = subject.label(NEW)
    np.testing.assert_array_equal(labels, expected.labels)
    np.testing.assert_allclose(confidence, expected.confidence, rtol=1e-6)
    np.testing.assert_allclose(probabilities, subject.probabilities(NEW), rtol=1e-6)
    n_voters = sum(1 if name == "softmax" or not networks else 2 for name in voters)
    assert labels.dtype == np.int64 and len(variables) == 2 * n_voters


@pytest.mark.parametrize("networks", [{}, COLUMNS])
def test_it_comes_back_from_its_arrays(networks):
    subject = vote(**networks).fit(REFERENCE, LABELS)
    arrays = subject.arrays()
    labeller_class("vote").check_arrays(arrays, subject.setting, 6)
    again = labeller_class("vote").from_arrays(arrays, subject.setting)
    for found, expected in zip(again.label(NEW), subject.label(NEW)):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("number", "match"), [(0, "its reference is empty"), (2, "only 2 images are labelled")]
)
def test_arrays_that_a_voter_can_t_use_are_refused(number, match):
    arrays = {"reference": REFERENCE[:number], "reference_labels": LABELS[:number]}
    setting = Setting(N_CLASSES, n_neighbors=3, voters=VOTERS)
    with pytest.raises(ValueError, match=match):
        labeller_class("vote").check_arrays(arrays, setting, 6)
