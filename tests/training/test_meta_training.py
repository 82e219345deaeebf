"""Other ways to train plug in without a change to the loop or the learner."""

from __future__ import annotations

import functools

import numpy as np
import pytest
import tensorflow as tf

from keras_selflearn.labelling import make_labeller
from keras_selflearn.losses import get_objective
from keras_selflearn.network.embedding import embed
from keras_selflearn.network.model import build_network
from keras_selflearn.selflearning.examples import Examples
from keras_selflearn.selflearning.loop import self_learning
from keras_selflearn.selflearning.state import RunState
from keras_selflearn.training.augmentation import augment
from keras_selflearn.training.embedding_labelling import EmbeddingLabelling
from keras_selflearn.training.learner import KerasLearner
from keras_selflearn.training.meta_training import ContinuedTraining
from keras_selflearn.training.pipeline import drawn_batches, shuffled, training_batches
from keras_selflearn.training.schedule import Schedule

# Each image is filled with its own index, and has an eye that shows a shift.
IMAGES = np.tile(np.arange(40, dtype=np.uint8)[:, None, None, None], (1, 32, 32, 3))
TRUTH = np.arange(40) % 2


class Anew(ContinuedTraining):
    """Starts each training from the initial weights."""

    starts_anew = True


class HalfGiven(ContinuedTraining):
    """Half of each batch has given labels; only the rest is inverted and weighted."""

    def steps_per_epoch(self, examples):
        return 3

    def batches(self, images, examples, *, first_step, steps):
        given = examples.initially_labelled
        pseudo = np.setdiff1d(examples.labelled, given)
        if not len(pseudo):
            return super().batches(images, examples, first_step=first_step, steps=steps)
        half = self.batch_size // 2
        draw_given = shuffled(len(given), half, self.seed)
        draw_pseudo = shuffled(len(pseudo), half, self.seed)

        def draw(step):
            return np.concatenate([draw_given(step), len(given) + draw_pseudo(step)])

        def change(batch, positions, step):
            batch = augment(batch, self.augmentations, tf.stack([self.seed, step]))
            is_given = (positions < len(given))[:, None, None, None]
            return tf.where(is_given, batch, 255 - batch)

        indices = np.concatenate([given, pseudo])
        weights = np.nan_to_num(examples.confidence[indices], nan=1.0).astype(np.float32)
        return drawn_batches(
            images,
            indices,
            [examples.labels[indices], weights],
            draw=draw,
            change=change,
            first_step=first_step,
            steps=steps,
        )


def learner(way, *, callbacks=(), meta_rate=1e-3):
    tf.keras.utils.set_random_seed(0)
    objective = get_objective("cross-entropy")
    network = build_network(
        backbone="tiny",
        weights="random",
        image_shape=(32, 32, 3),
        n_classes=2,
        objective=objective,
        embedding_size=8,
        dropout=0.5,
        optimizer="adam",
        learning_rate=1.0,
        precision="float32",
        seed=1,
    )
    labeller = functools.partial(make_labeller, "softmax", head=network.head, n_classes=2)
    return KerasLearner(
        network,
        EmbeddingLabelling(functools.partial(embed, network), IMAGES, labeller),
        IMAGES,
        n_classes=2,
        test_data=None,
        first_schedule=Schedule(epochs=2, learning_rate=1e-2),
        meta_schedule=Schedule(epochs=1, learning_rate=meta_rate),
        meta_training=way,
        callbacks=callbacks,
    )


def examples(confidence=1.0):
    given = Examples.from_labels(np.where(np.arange(40) < 20, TRUTH, -1))
    pseudo = np.arange(30, 36)
    return given.merge(pseudo, TRUTH[pseudo], np.full(6, confidence), np.full(6, -1), 1)


def test_the_paper_s_way_takes_all_labelled_images_alike():
    way, data = ContinuedTraining(8, ("shift",), seed=3), examples()
    assert not way.starts_anew and way.steps_per_epoch(data) == 4
    expected = training_batches(
        IMAGES,
        data.labelled,
        data.labels[data.labelled],
        batch_size=8,
        first_step=2,
        steps=5,
        augmentations=("shift",),
        seed=3,
    )
    found = way.batches(IMAGES, data, first_step=2, steps=5)
    for one, other in zip(found, expected, strict=True):
        for array, same in zip(one, other, strict=True):
            np.testing.assert_array_equal(array, same)


class Steps(tf.keras.callbacks.Callback):
    """Notes the optimiser's count, the network's count and what dropout keeps, at each step."""

    def __init__(self):
        super().__init__()
        self.network, self.seen, self.outputs = None, [], []

    def on_train_batch_begin(self, batch, logs=None):
        if batch == 0:
            self.weights = self.model.get_weights()
        iterations = int(np.asarray(self.model.optimizer.iterations))
        self.seen.append((iterations, int(self.network.steps_done())))
        self.outputs.append(np.array(self.model(IMAGES[:9], training=True)))


@pytest.mark.parametrize("way", [ContinuedTraining, Anew])
def test_a_training_may_start_anew_and_masks_go_on_with_the_steps(way):
    observer = Steps()
    subject = learner(way(10, (), seed=0), callbacks=[observer])
    observer.network = subject.network
    initial = subject.network.trainer.get_weights()
    subject.train(examples(), 0)
    subject.train(examples(), 1)
    anew = way is Anew
    counts = [0, 1, 2, 3, 4, 5, *((0, 1, 2) if anew else (6, 7, 8))]
    assert observer.seen == list(zip(counts, range(9)))
    assert anew == all(np.array_equal(*pair) for pair in zip(initial, observer.weights))
    if anew:  # the same weights, at the first step of a training
        assert (observer.outputs[0] != observer.outputs[6]).any()


@pytest.mark.slow
def test_the_optimiser_starts_anew_with_the_weights():
    once, again = (learner(Anew(10, (), seed=0)) for _ in range(2))
    once.network.earlier_steps.assign(6)
    once._data_epochs = 2
    once.train(examples(), 1)
    again.train(examples(), 0)
    again.train(examples(), 1)
    for one, other in zip(once.network.trainer.get_weights(), again.network.trainer.get_weights()):
        np.testing.assert_array_equal(one, other)


def test_a_batch_may_hold_a_share_of_given_labels_and_augment_the_others_only():
    way, data = HalfGiven(6, (), seed=0), examples(confidence=0.25)
    batches = list(way.batches(IMAGES, data, first_step=0, steps=3))
    assert len(batches) == 3
    for images, labels, weights in batches:
        pixels = images[:, 0, 0, 0].numpy()
        assert (pixels[:3] < 20).all() and np.isin(255 - pixels[3:], np.arange(30, 36)).all()
        shown = np.concatenate([pixels[:3], 255 - pixels[3:]])
        np.testing.assert_array_equal(labels, TRUTH[shown])
        assert weights.numpy().tolist() == [1, 1, 1, 0.25, 0.25, 0.25]


@pytest.mark.slow
@pytest.mark.parametrize("confidence", [0.0, 0.5])
def test_weights_of_pseudo_labels_reach_the_loss(confidence):
    ended = []
    for pseudo_labels in (TRUTH, 1 - TRUTH):
        data = examples(confidence)
        pseudo = np.arange(30, 36)
        data = data.merge(pseudo, pseudo_labels[pseudo], np.full(6, confidence), np.full(6, -1), 1)
        subject = learner(HalfGiven(6, (), seed=0))
        subject.train(data, 0)
        ended.append(subject.network.trainer.get_weights())
    same = all(np.array_equal(*pair) for pair in zip(*ended))
    assert same == (confidence == 0)


@pytest.mark.slow
@pytest.mark.parametrize("way", [Anew, HalfGiven])
def test_another_way_goes_through_the_loop(way):
    subject = learner(way(6, ("shift",), seed=0))
    start = Examples.from_labels(np.where(np.arange(40) < 20, TRUTH, -1))
    *_, state = self_learning(
        RunState(start),
        subject,
        meta_iterations=2,
        select=lambda labels, confidence: np.argsort(-confidence)[:4],
    )
    assert [record.labelled for record in state.history] == [20, 24, 28]
    per_epoch = {Anew: [4, 4, 5], HalfGiven: [3, 3, 3]}[way]
    expected = [2 * per_epoch[0], *per_epoch[1:]]
    assert [record.gradient_steps for record in state.history] == expected
