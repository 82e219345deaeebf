"""Tests of a linear head on features that are computed once."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from keras_selflearn.labelling import make_labeller
from keras_selflearn.labelling.linear_heads import HEADS
from keras_selflearn.network.head_network import build_head_network
from keras_selflearn.selflearning.examples import Examples
from keras_selflearn.selflearning.loop import self_learning
from keras_selflearn.selflearning.state import RunState
from keras_selflearn.selflearning.trust import UntrustworthyError
from keras_selflearn.training.embedding_labelling import EmbeddingLabelling
from keras_selflearn.training.head_learner import HeadChoice, HeadLearner

CHANCE = np.random.default_rng(0)
TRUTH = np.repeat([0, 1, 2], 30)
EMBEDDINGS = CHANCE.normal(size=(90, 32)) + 2 * np.eye(3, 32)[TRUTH]
EMBEDDINGS /= np.linalg.norm(EMBEDDINGS, axis=1, keepdims=True)
EMBEDDINGS = EMBEDDINGS.astype(np.float32)
GIVEN = np.array([0, 1, 30, 31, 60, 61])


@pytest.fixture(scope="module")
def network():
    return build_head_network(
        backbone="tiny",
        weights="random",
        image_shape=(32, 32, 3),
        n_classes=3,
        precision="float32",
    )


def learner(network, labelling="graph", heads=None):
    return HeadLearner(
        network,
        EmbeddingLabelling(
            lambda embeddings, indices: embeddings[indices],
            EMBEDDINGS,
            functools.partial(make_labeller, labelling, n_classes=3, head=network.head),
        ),
        EMBEDDINGS,
        n_classes=3,
        heads=heads or HeadChoice(),
        test_data=(EMBEDDINGS, TRUTH),
    )


def examples(given=GIVEN):
    labels = np.full(90, -1)
    labels[given] = TRUTH[given]
    return Examples.from_labels(labels)


def run(subject, start, *, meta_iterations=3):
    return self_learning(
        start,
        subject,
        meta_iterations=meta_iterations,
        select=lambda labels, confidence, meta_iteration: np.arange(len(labels)),
        true_labels=TRUTH,
        before_labelling=Examples.without_pseudo_labels,
    )


def test_the_head_is_that_of_the_labelled_images(network):
    subject = learner(network)
    loss, steps = subject.train(examples(), 0)
    expected = HEADS["logistic"](EMBEDDINGS[GIVEN], TRUTH[GIVEN], n_classes=3)
    probabilities = expected.probabilities(EMBEDDINGS)
    assert subject.test_accuracy() == 100 * np.mean(probabilities.argmax(axis=1) == TRUTH)
    np.testing.assert_array_equal(subject.test_predictions.labels, probabilities.argmax(axis=1))
    assert steps == 0
    assert loss == pytest.approx(-np.log(probabilities[GIVEN, TRUTH[GIVEN]]).mean(), rel=1e-5)


def test_given_labels_weigh_a_quarter_of_the_pseudo_labels_together(network):
    subject = learner(network)
    others = np.setdiff1d(np.arange(90), GIVEN)
    wrong = (TRUTH[others] + (np.arange(84) % 5 == 0)) % 3
    merged = examples().merge(others, wrong, np.ones(84), np.full(84, -1), 1)
    subject.train(merged, 1)
    weights = np.where(np.isin(np.arange(90), GIVEN), 84 / (4 * 6), 1.0)
    of_all = HEADS["discriminant"](EMBEDDINGS, merged.labels, n_classes=3, weights=weights)
    of_given = HEADS["logistic"](EMBEDDINGS[GIVEN], TRUTH[GIVEN], n_classes=3)
    say = 2 / 202  # two labels in a class, of 200 that would count as much
    expected = (1 - say) * of_all.kernel + say * of_given.kernel
    np.testing.assert_allclose(subject.network.head.get_weights()[0], expected, rtol=1e-5)


@pytest.mark.parametrize("heads", [HeadChoice("logistic", "logistic"), HeadChoice()])
def test_self_learning_improves_a_head(network, heads):
    *_, last = run(learner(network, heads=heads), RunState(examples()))
    accuracies = [each.test_accuracy for each in last.history]
    assert accuracies[-1] > accuracies[0] + 3
    assert [each.labelled for each in last.history] == [6, 90, 90, 90]


@pytest.mark.slow
@pytest.mark.parametrize("labelling", ["graph", "softmax", "nearest"])
def test_any_state_goes_on_as_it_would_have(network, labelling):
    subject = learner(network, labelling)
    states = []
    for state in run(subject, RunState(examples())):
        states.append((state, subject.state()))
    *_, (last, expected) = states
    for state, kept in states[:-1]:
        other = learner(network, labelling)
        step = state.position.steps_left("label-first")[0]
        number = state.position.meta_iteration if step == "train" else None
        other.restore(kept, state.examples, number)
        *_, found = run(other, state)
        assert found.history == last.history
        np.testing.assert_array_equal(found.examples.labels, last.examples.labels)
        np.testing.assert_array_equal(other.state().arrays["kernel"], expected.arrays["kernel"])


@pytest.mark.parametrize(
    "changes",
    [{"kernel": np.zeros((3, 3), np.float32)}, {"bias": np.zeros(3)}, {"reference": np.arange(3)}],
)
def test_another_state_is_refused(network, changes):
    subject = learner(network)
    subject.train(examples(), 0)
    state = subject.state()
    state.arrays.update(changes)
    with pytest.raises(ValueError):
        learner(network).restore(state, examples(), 1)


def test_a_class_without_a_label_is_an_error(network):
    with pytest.raises(UntrustworthyError, match="no labelled example is left of 1 of 3 classes"):
        learner(network).train(examples(np.array([0, 1, 30])), 0)
