"""Tests of a head whose labels start the training of the whole network."""

from __future__ import annotations

import functools

import numpy as np
import pytest
import tensorflow as tf

from keras_selflearn.labelling import make_labeller
from keras_selflearn.losses import CrossEntropy
from keras_selflearn.network.embedding import embed
from keras_selflearn.network.head_network import build_head_network
from keras_selflearn.network.model import build_network
from keras_selflearn.selflearning.examples import Examples
from keras_selflearn.selflearning.learner import LearnerState
from keras_selflearn.selflearning.loop import self_learning
from keras_selflearn.selflearning.state import RunState
from keras_selflearn.training.embedding_labelling import EmbeddingLabelling
from keras_selflearn.training.head_learner import HeadChoice, HeadLearner
from keras_selflearn.training.head_then_all import HeadThenAllLearner
from keras_selflearn.training.learner import KerasLearner
from keras_selflearn.training.meta_training import BatchTraining
from keras_selflearn.training.schedule import Schedule

N, ROUNDS, META_ITERATIONS = 40, 2, 4
TRUTH = np.arange(N) % 2
IMAGES = np.random.default_rng(0).integers(0, 128, (N, 32, 32, 3), np.uint8)
IMAGES += (TRUTH * 100)[:, None, None, None].astype(np.uint8)
GIVEN = np.where(np.arange(N) < 8, TRUTH, -1)


@pytest.fixture(scope="module")
def same_each_time():
    tf.config.experimental.enable_op_determinism()


def labelling(network, embed_images, images):
    return EmbeddingLabelling(
        embed_images,
        images,
        functools.partial(make_labeller, "nearest", n_classes=2, head=network.head),
    )


def head_learner():
    network = build_head_network(
        backbone="tiny",
        weights="random",
        image_shape=(32, 32, 3),
        n_classes=2,
        precision="float32",
    )
    rows = np.random.default_rng(1).normal(size=(N, 32)).astype(np.float32)
    rows[:, 0] += 3 * TRUTH
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return HeadLearner(
        network,
        labelling(network, lambda embeddings, indices: embeddings[indices], rows),
        rows,
        n_classes=2,
        heads=HeadChoice(),
        test_data=(rows, TRUTH),
    )


def whole_learner(first):
    tf.keras.utils.set_random_seed(3)
    network = build_network(
        backbone="tiny",
        weights="random",
        image_shape=(32, 32, 3),
        n_classes=2,
        objective=CrossEntropy(),
        embedding_size=8,
        dropout=0.3,
        optimizer="adam",
        learning_rate=1.0,
        precision="float32",
        seed=5,
    )
    return KerasLearner(
        network,
        labelling(network, functools.partial(embed, network), IMAGES),
        IMAGES,
        n_classes=2,
        test_data=(IMAGES[:30], TRUTH[:30]),
        first_schedule=Schedule(epochs=3, learning_rate=1e-2),
        meta_schedule=Schedule(epochs=1, learning_rate=1e-3),
        meta_training=BatchTraining(10, (), 5),
        first=first,
    )


def learner():
    return HeadThenAllLearner(head_learner(), whole_learner(ROUNDS))


def run(subject, start=None):
    return self_learning(
        start or RunState(Examples.from_labels(GIVEN)),
        subject,
        meta_iterations=META_ITERATIONS,
        select=lambda labels, confidence, meta_iteration: np.arange(len(labels)),
        true_labels=TRUTH,
        before_labelling=Examples.without_pseudo_labels,
    )


@pytest.fixture(scope="module")
def whole_run(same_each_time):
    """Each state of a run that is never stopped, with the learner's."""
    subject = learner()
    return [(state, subject.state()) for state in run(subject)]


@pytest.mark.slow
def test_the_head_s_labels_are_the_network_s_first_examples(whole_run, same_each_time):
    history = whole_run[-1][0].history
    assert [each.gradient_steps for each in history] == [0, 0, 3 * 4, 4, 4]
    assert [each.labelled for each in history] == [8, 40, 40, 40, 40]
    # The same without the package's learner of both: a head until it labels a second time.
    head = head_learner()
    *_, before = run_until_labelled(head, ROUNDS)
    np.testing.assert_array_equal(before.examples.labelled_in > 0, GIVEN < 0)
    np.testing.assert_array_equal(before.examples.labels[GIVEN >= 0], TRUTH[GIVEN >= 0])
    alone = whole_learner(0)
    loss, _ = alone.train(before.examples, 0)
    assert history[ROUNDS].loss == pytest.approx(loss, rel=1e-4)
    assert history[ROUNDS].test_accuracy == alone.test_accuracy()


def run_until_labelled(head, meta_iteration):
    for state in run(head):
        yield state
        if (state.position.meta_iteration, state.position.steps) == (meta_iteration, 1):
            return


@pytest.mark.slow
def test_any_state_goes_on_as_it_would_have(whole_run):
    last, expected = whole_run[-1]
    for state, kept in whole_run[1:-1:2]:
        step = state.position.steps_left("label-first")[0]
        number = state.position.meta_iteration
        other = learner()
        other.restore(kept, state.examples, number if step == "train" else None)
        *_, found = run(other, state)
        assert found.history == last.history
        np.testing.assert_array_equal(found.examples.labels, last.examples.labels)
        arrays = other.state().arrays
        assert arrays.keys() == expected.arrays.keys()
        for name, array in expected.arrays.items():
            np.testing.assert_array_equal(arrays[name], array, err_msg=name)


@pytest.mark.slow
def test_a_state_that_can_t_be_is_refused(whole_run):
    state, kept = whole_run[-1]
    subject = learner()
    with pytest.raises(ValueError, match="what it trained can't be True"):
        subject.restore(kept, state.examples, ROUNDS - 1)
    with pytest.raises(ValueError, match="what it trained can't be 1"):
        numbers = {**kept.numbers, "trains the network": 1}
        subject.restore(LearnerState(numbers, kept.arrays), state.examples, ROUNDS)
    with pytest.raises(KeyError):
        subject.restore(LearnerState({}, {}), state.examples, 0)


@pytest.mark.slow
def test_what_was_trained_last_is_what_is_asked(same_each_time):
    head, whole = head_learner(), whole_learner(1)
    subject = HeadThenAllLearner(head, whole)
    examples = Examples.from_labels(GIVEN)
    for number, part, size in ((0, head, 32), (1, whole, 8)):
        subject.train(examples, number)
        assert subject.network is part.network and subject.labelling is part.labelling
        assert subject.embed(np.arange(3)).shape == (3, size)
        assert subject.test_accuracy() == part.test_accuracy()
        assert subject.test_embeddings.shape == (len(subject.test_predictions.labels), size)
