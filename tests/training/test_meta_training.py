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
from keras_selflearn.training.meta_training import BatchTraining
from keras_selflearn.training.pipeline import shuffled
from keras_selflearn.training.schedule import Schedule

# Each image is filled with its own index, and has an eye that shows a shift.
IMAGES = np.tile(np.arange(40, dtype=np.uint8)[:, None, None, None], (1, 32, 32, 3))
TRUTH = np.arange(40) % 2


ANEW = functools.partial(BatchTraining, starts_anew=True)
# A batch of six has two or three given labels.
MIXED = functools.partial(BatchTraining, labelled_share=0.4, pseudo_augmentations=("square",))


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


def examples():
    given = Examples.from_labels(np.where(np.arange(40) < 20, TRUTH, -1))
    pseudo = np.arange(30, 36)
    return given.merge(pseudo, TRUTH[pseudo], np.ones(6), np.full(6, -1), 1)


def test_the_paper_s_way_takes_all_labelled_images_alike():
    way, data = BatchTraining(8, ("shift",), seed=3), examples()
    assert not way.starts_anew and way.steps_per_epoch(data) == 4
    draw = shuffled(26, 8, 3)
    for step, (images, labels) in enumerate(way.batches(IMAGES, data, first_step=2, steps=5), 2):
        expected = data.labelled[draw(step)]
        shifted = augment(tf.constant(IMAGES[expected]), ("shift",), tf.constant([3, step]))
        np.testing.assert_array_equal(images, shifted)
        np.testing.assert_array_equal(labels, TRUTH[expected])


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


@pytest.mark.slow
@pytest.mark.parametrize("way", [BatchTraining, ANEW])
def test_a_training_may_start_anew_and_masks_go_on_with_the_steps(way):
    observer = Steps()
    subject = learner(way(10, (), seed=0), callbacks=[observer])
    observer.network = subject.network
    initial = subject.network.trainer.get_weights()
    subject.train(examples(), 0)
    subject.train(examples(), 1)
    anew = way is ANEW
    counts = [0, 1, 2, 3, 4, 5, *((0, 1, 2) if anew else (6, 7, 8))]
    assert observer.seen == list(zip(counts, range(9)))
    assert anew == all(np.array_equal(*pair) for pair in zip(initial, observer.weights))
    if anew:  # the same weights, at the first step of a training
        assert (observer.outputs[0] != observer.outputs[6]).any()


@pytest.mark.slow
def test_the_optimiser_starts_anew_with_the_weights():
    once, again = (learner(ANEW(10, (), seed=0)) for _ in range(2))
    once.network.earlier_steps.assign(6)
    once._data_epochs = 2
    once.train(examples(), 1)
    again.train(examples(), 0)
    again.train(examples(), 1)
    for one, other in zip(once.network.trainer.get_weights(), again.network.trainer.get_weights()):
        np.testing.assert_array_equal(one, other)


def shown(images):
    """The indices of images that are all of one grey, and how many of their pixels another has."""
    pixels = images.numpy()[..., 0]
    indices = np.array([np.bincount(each.ravel()).argmax() for each in pixels])
    return indices, (pixels != indices[:, None, None]).sum(axis=(1, 2))


def test_a_batch_may_hold_a_share_of_given_labels_and_augment_the_others_only():
    way, data = MIXED(5, (), seed=0), examples()
    assert way.steps_per_epoch(data) == 2
    batches = list(way.batches(IMAGES, data, first_step=0, steps=20))
    assert [len(labels) for _, labels in batches] == [5] * 20
    given, pseudo = [], []
    for images, labels in batches:
        indices, covered = shown(images)
        np.testing.assert_array_equal(labels, TRUTH[indices])
        is_given = indices < 20
        assert is_given.tolist() == [True, True, False, False, False]
        assert covered.tolist() == [0, 0, 256, 256, 256]  # half of each side
        given += indices[is_given].tolist()
        pseudo += indices[~is_given].tolist()
    assert np.bincount(given, minlength=20).tolist() == [2] * 20
    assert np.bincount(pseudo)[30:].tolist() == [10] * 6


def test_a_batch_that_starts_later_is_the_same():
    way, data = MIXED(5, ("shift",), seed=0), examples()
    all_of_them = list(way.batches(IMAGES, data, first_step=0, steps=6))
    for found, expected in zip(way.batches(IMAGES, data, first_step=4, steps=2), all_of_them[4:]):
        for one, other in zip(found, expected):
            np.testing.assert_array_equal(one, other)


def test_without_pseudo_labels_the_share_changes_nothing():
    given = Examples.from_labels(np.where(np.arange(40) < 20, TRUTH, -1))
    ways = MIXED(8, ("shift",), seed=0), BatchTraining(8, ("shift",), seed=0)
    assert {way.steps_per_epoch(given) for way in ways} == {3}
    mixed, plain = (list(way.batches(IMAGES, given, first_step=0, steps=4)) for way in ways)
    for found, expected in zip(mixed, plain):
        for one, other in zip(found, expected):
            np.testing.assert_array_equal(one, other)


def test_soft_targets_are_the_probabilities_of_pseudo_labels_and_given_labels_whole():
    data, pseudo = (
        Examples.from_labels(np.where(np.arange(40) < 20, TRUTH, -1), 2),
        np.arange(30, 36),
    )
    probabilities = np.random.default_rng(0).dirichlet([1, 1], 6).astype(np.float32)
    data = data.merge(pseudo, TRUTH[pseudo], np.ones(6), np.full(6, -1), 1, probabilities)
    way = BatchTraining(7, (), seed=0, labelled_share=0.5, has_soft_targets=True)
    for images, targets in way.batches(IMAGES, data, first_step=0, steps=4):
        indices, _ = shown(images)
        expected = np.eye(2, dtype=np.float32)[TRUTH[indices]]
        is_pseudo = indices >= 30
        expected[is_pseudo] = probabilities[indices[is_pseudo] - 30]
        assert targets.dtype == tf.float32 and is_pseudo.any() and not is_pseudo.all()
        np.testing.assert_array_equal(targets, expected)


@pytest.mark.slow
def test_a_training_goes_to_its_soft_targets():
    given, pseudo = (
        Examples.from_labels(np.where(np.arange(40) < 20, TRUTH, -1), 2),
        np.arange(20, 40),
    )
    ended = {}
    for share in (0.5, 0.9):  # of the true class
        soft = np.where(np.eye(2)[TRUTH[pseudo]], share, 1 - share).astype(np.float32)
        data = given.merge(pseudo, TRUTH[pseudo], np.ones(20), np.full(20, -1), 1, soft)
        subject = learner(BatchTraining(20, (), seed=0, labelled_share=0.05, has_soft_targets=True))
        subject.train(data, 0)
        logits = subject.network.trainer.predict(IMAGES[pseudo], verbose=0)
        ended[share] = np.ptp(logits, axis=1).mean()
    assert ended[0.5] < ended[0.9]


@pytest.mark.parametrize("n_probabilities", [0, 2])
def test_pseudo_labelled_images_may_weigh_by_their_confidence(n_probabilities):
    data = Examples.from_labels(np.where(np.arange(40) < 20, TRUTH, -1), n_probabilities)
    pseudo, sure = np.arange(30, 36), np.linspace(0, 1, 6)
    data = data.merge(pseudo, TRUTH[pseudo], sure, np.full(6, -1), 1)
    soft = n_probabilities > 0
    way = BatchTraining(9, (), seed=0, has_soft_targets=soft, weighs_by_confidence=True)
    expected = dict.fromkeys(range(20), 1.0) | dict(zip(pseudo.tolist(), sure.tolist()))
    seen = {}
    for images, targets, weights in way.batches(IMAGES, data, first_step=0, steps=3):
        assert weights.dtype == tf.float32 and len(targets.shape) == 1 + soft
        seen.update(zip(shown(images)[0].tolist(), weights.numpy().tolist()))
    assert seen == pytest.approx(expected)


@pytest.mark.parametrize("by_confidence", [False, True])
def test_given_labels_may_have_weights_of_their_own(by_confidence):
    data = Examples.from_labels(np.where(np.arange(40) < 20, TRUTH, -1))
    pseudo, sure = np.arange(30, 36), np.linspace(0.1, 1, 6)
    data = data.merge(pseudo, TRUTH[pseudo], sure, np.full(6, -1), 1)
    own = np.arange(40, dtype=np.float32) / 8
    way = BatchTraining(9, (), seed=0, weighs_by_confidence=by_confidence, given_weights=own)
    of_pseudo = sure.tolist() if by_confidence else [1.0] * 6
    expected = dict(enumerate(own[:20].tolist())) | dict(zip(pseudo.tolist(), of_pseudo))
    seen = {}
    for images, _, weights in way.batches(IMAGES, data, first_step=0, steps=3):
        assert weights.dtype == tf.float32
        seen.update(zip(shown(images)[0].tolist(), weights.numpy().tolist()))
    assert seen == pytest.approx(expected)


@pytest.mark.slow
def test_a_training_goes_less_to_a_pseudo_label_of_little_weight():
    """Images 20 to 39 have wrong labels: the surer they are, the more of them it learns."""
    given, pseudo = Examples.from_labels(np.where(np.arange(40) < 20, TRUTH, -1)), np.arange(20, 40)
    learned = {}
    for sure in (0.0, 1.0):
        data = given.merge(pseudo, 1 - TRUTH[pseudo], np.full(20, sure), np.full(20, -1), 1)
        subject = learner(BatchTraining(20, (), seed=0, weighs_by_confidence=True))
        subject.train(data, 0)
        logits = subject.network.trainer.predict(IMAGES[pseudo], verbose=0)
        learned[sure] = np.mean(logits[np.arange(20), 1 - TRUTH[pseudo]] - logits.mean(axis=1))
    assert learned[0.0] < learned[1.0]


@pytest.mark.parametrize(
    ("share", "batch_size", "n_given"), [(0.05, 10, 1), (0.99, 10, 9), (0.25, 100, 25), (0.5, 2, 1)]
)
def test_each_batch_has_both_kinds_of_labels(share, batch_size, n_given):
    way = BatchTraining(batch_size, (), seed=0, labelled_share=share)
    for images, _ in way.batches(IMAGES, examples(), first_step=0, steps=2):
        indices, _ = shown(images)
        assert (indices < 20).sum() == n_given and (indices >= 30).any()


@pytest.mark.slow
@pytest.mark.parametrize("way", [ANEW, MIXED])
def test_another_way_goes_through_the_loop(way):
    subject = learner(way(6, ("shift",), seed=0))
    start = Examples.from_labels(np.where(np.arange(40) < 20, TRUTH, -1))
    *_, state = self_learning(
        RunState(start),
        subject,
        meta_iterations=2,
        select=lambda labels, confidence, meta_iteration: np.argsort(-confidence)[:4],
    )
    assert [record.labelled for record in state.history] == [20, 24, 28]
    per_epoch = [4, 4, 5] if way is ANEW else [4, 1, 2]
    expected = [2 * per_epoch[0], *per_epoch[1:]]
    assert [record.gradient_steps for record in state.history] == expected
