from __future__ import annotations

import functools
import itertools
import math

import numpy as np
import pytest
import tensorflow as tf
from own_models import own_model

from keras_selflearn.console.errors import InputError
from keras_selflearn.labelling import make_labeller
from keras_selflearn.labelling.labeller import Setting
from keras_selflearn.labelling.nearest_neighbour import NearestNeighbourLabeller
from keras_selflearn.losses import get_objective
from keras_selflearn.network import backbone, embedding
from keras_selflearn.network.embedding import embed
from keras_selflearn.network.model import build_network
from keras_selflearn.selflearning.examples import Examples
from keras_selflearn.selflearning.loop import self_learning
from keras_selflearn.selflearning.state import ORDERS, RunState
from keras_selflearn.selflearning.trust import UntrustworthyError
from keras_selflearn.training.embedding_labelling import EmbeddingLabelling
from keras_selflearn.training.learner import KerasLearner
from keras_selflearn.training.meta_training import BatchTraining
from keras_selflearn.training.pipeline import drawn_batches
from keras_selflearn.training.schedule import Schedule

TRUTH = np.arange(40) % 2
IMAGES = np.random.default_rng(0).integers(0, 100, (40, 32, 32, 3), np.uint8)
IMAGES += (TRUTH * 150).astype(np.uint8)[:, None, None, None]


def labellers(network, objective):
    return functools.partial(
        make_labeller,
        objective.labelling,
        head=network.head,
        n_classes=2,
        normalized=objective.normalized,
    )


def embed_with(network):
    return lambda images, indices: embedding.embed(network, images, indices)


def learner(loss="triplet", *, precision="float32", embedding_size=8, backbone=None, **changes):
    objective = get_objective(loss)
    network = build_network(
        **(backbone or {"backbone": "tiny", "weights": "random"}),
        image_shape=(32, 32, 3),
        n_classes=2,
        objective=objective,
        embedding_size=embedding_size,
        dropout=0.0,
        optimizer="adam",
        learning_rate=1.0,
        precision=precision,
    )
    labelling = {
        name: changes.pop(name) for name in ("reference", "test_features") if name in changes
    }
    options = {
        "test_data": (IMAGES, TRUTH),
        "first_schedule": Schedule(epochs=2, learning_rate=1e-3),
        "meta_schedule": Schedule(epochs=1, learning_rate=1e-4),
        "meta_training": BatchTraining(batch_size=10, augmentations=(), seed=0),
    }
    return KerasLearner(
        network,
        EmbeddingLabelling(embed_with(network), IMAGES, labellers(network, objective), **labelling),
        IMAGES,
        n_classes=2,
        **{**options, **changes},
    )


def examples():
    labels = np.full(40, -1)
    labels[:20] = TRUTH[:20]
    return Examples.from_labels(labels)


class Observer(tf.keras.callbacks.Callback):
    """Notes the epochs that ran and the rate that they ran at."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def on_epoch_end(self, epoch, logs=None):
        rate = float(np.asarray(self.model.optimizer.learning_rate))
        self.seen.append((epoch, round(rate, 6)))


@pytest.mark.slow
def test_epochs_are_counted_on_and_meta_iterations_have_their_own_rate():
    observer = Observer()
    subject, data = learner(callbacks=[observer]), examples()
    subject.train(data, 0)
    subject.train(data, 1)
    assert observer.seen == [(0, 1e-3), (1, 1e-3), (2, 1e-4)]


class RatesOfSteps(tf.keras.callbacks.Callback):
    """Notes the rate of each gradient step and the number that Keras gives each epoch."""

    def __init__(self):
        super().__init__()
        self.rates, self.epochs = [], []

    def on_epoch_begin(self, epoch, logs=None):
        self.epochs.append(epoch)

    def on_train_batch_end(self, batch, logs=None):
        self.rates.append(float(np.asarray(self.model.optimizer.learning_rate)))


@pytest.mark.slow
def test_steps_replace_epochs_and_each_follows_the_rates():
    observer = RatesOfSteps()
    first = Schedule(epochs=99, steps=6, learning_rate=1e-3, decay="cosine", warmup=0.4)
    meta = Schedule(epochs=99, steps=5, learning_rate=1e-4)
    subject = learner(callbacks=[observer], first_schedule=first, meta_schedule=meta)
    data = examples()  # two batches of ten
    assert subject.train(data, 0)[1] == 6
    assert subject.train(data, 1)[1] == 5
    np.testing.assert_allclose(observer.rates, [*first.rates(6), *[1e-4] * 5], rtol=1e-6)
    assert observer.epochs == [0, 1, 2, 3]
    assert int(subject.network.trainer.optimizer.iterations) == 11


@pytest.mark.slow
def test_no_order_of_the_examples_is_used_twice(monkeypatch):
    asked = []

    def spy(*arguments, **options):
        asked.append((options["first_step"], options["steps"]))
        return drawn_batches(*arguments, **options)

    monkeypatch.setattr("keras_selflearn.training.meta_training.drawn_batches", spy)
    five_steps = Schedule(epochs=99, steps=5, learning_rate=1e-4)
    subject, data = learner(meta_schedule=five_steps), examples()
    for meta_iteration in range(3):
        subject.train(data, meta_iteration)
    assert asked == [(0, 4), (4, 5), (10, 5)]  # an order lasts two steps


@pytest.mark.slow
def test_a_training_ends_once_its_loss_has_settled():
    still = Schedule(epochs=50, learning_rate=0.0, settled_epochs=3)
    observer = Observer()
    subject = learner("cross-entropy", first_schedule=still, callbacks=[observer])
    assert subject.train(examples(), 0)[1] == 4 * 2  # one epoch, then three that are no better
    subject.train(examples(), 1)
    assert [epoch for epoch, _ in observer.seen] == [0, 1, 2, 3, 4]


@pytest.mark.slow
def test_weights_carry_over():
    subject, data = learner(), examples()
    subject.train(data, 0)
    before = subject.network.trainer.get_weights()
    subject.meta_schedule = Schedule(epochs=1, learning_rate=0.0)
    subject.train(data, 1)
    for first, second in zip(before, subject.network.trainer.get_weights()):
        np.testing.assert_array_equal(first, second)


class KeepWeights(tf.keras.callbacks.Callback):
    """Keeps the weights after each gradient step."""

    def __init__(self):
        super().__init__()
        self.kept = []

    def on_train_batch_end(self, batch, logs=None):
        self.kept.append(self.model.get_weights())


@pytest.mark.slow
def test_each_training_ends_with_the_average_of_its_weights_and_the_next_begins_there():
    observer = KeepWeights()
    first = Schedule(epochs=10, learning_rate=1e-3, ema_momentum=0.9)  # of two steps each
    meta = Schedule(epochs=10, learning_rate=0.0, ema_momentum=0.9)
    subject, data = (
        learner(first_schedule=first, meta_schedule=meta, callbacks=[observer]),
        examples(),
    )
    subject.train(data, 0)
    ended = subject.network.trainer.get_weights()
    expected = [
        (0.9**10 * one + two) / (0.9**10 + 1)
        for one, two in zip(observer.kept[9], observer.kept[19])
    ]
    for found, mean, last in zip(ended, expected, observer.kept[19]):
        np.testing.assert_allclose(found, mean, atol=1e-6)
        assert (found != last).any()
    labels, *_ = subject.label(data.unlabelled)
    embeddings = embed(subject.network, IMAGES, np.arange(40))
    distances = np.linalg.norm(embeddings[20:, None] - embeddings[None, :20], axis=-1)
    np.testing.assert_array_equal(labels, TRUTH[distances.argmin(axis=1)])
    subject.train(data, 1)
    for before, began in zip(ended, observer.kept[20]):
        np.testing.assert_array_equal(before, began)


def with_statistics(**changes):
    own = {"backbone": own_model(), "weights": "own", "batch_statistics": True}
    return learner(backbone=own, **changes)


def statistics_of(model):
    return [each.numpy() for each in model.non_trainable_variables]


class KeepStatistics(tf.keras.callbacks.Callback):
    """Keeps the moving statistics before each training and after each step."""

    def __init__(self):
        super().__init__()
        self.begun, self.kept = [], []

    def on_train_begin(self, logs=None):
        self.begun.append(statistics_of(self.model))

    def on_train_batch_end(self, batch, logs=None):
        self.kept.append(statistics_of(self.model))


@pytest.mark.slow
def test_moving_statistics_that_training_renews_are_averaged_as_the_weights_are():
    observer = KeepStatistics()
    first = Schedule(epochs=10, learning_rate=1e-3, ema_momentum=0.9)  # of two steps each
    subject = with_statistics(first_schedule=first, callbacks=[observer])
    subject.train(examples(), 0)
    found = statistics_of(subject.network.trainer)
    assert len(found) == 2
    for each, one, two in zip(found, observer.kept[9], observer.kept[19]):
        np.testing.assert_allclose(each, (0.9**10 * one + two) / (0.9**10 + 1), rtol=1e-5)
        assert (each != two).all()


@pytest.mark.slow
def test_a_training_that_starts_anew_starts_from_the_initial_statistics():
    observer = KeepStatistics()
    way = BatchTraining(batch_size=10, augmentations=(), seed=0, starts_anew=True)
    subject = with_statistics(meta_training=way, callbacks=[observer])
    initial, data = statistics_of(subject.network.trainer), examples()
    subject.train(data, 0)
    trained = statistics_of(subject.network.trainer)
    subject.train(data, 1)
    for first, second, start, end in zip(*observer.begun, initial, trained):
        np.testing.assert_array_equal(first, start)
        np.testing.assert_array_equal(second, start)
        assert (end != start).all()


@pytest.mark.slow
def test_only_a_training_with_a_momentum_is_averaged():
    subject, data = learner(), examples()
    without = len(subject.state().arrays)
    observer = KeepWeights()
    first = Schedule(epochs=10, learning_rate=1e-3, ema_momentum=0.9)
    subject = learner(first_schedule=first, callbacks=[observer])
    assert len(subject.state().arrays) == without + len(subject.network.trainer.trainable_variables)
    subject.train(data, 0)
    subject.train(data, 1)
    for last, ended in zip(observer.kept[-1], subject.network.trainer.get_weights()):
        np.testing.assert_array_equal(last, ended)


@pytest.mark.slow
@pytest.mark.parametrize("reference", ["initial", "all"])
def test_reference_decides_which_labelled_examples_are_compared_with(reference):
    subject, data = learner(reference=reference), examples()
    data = data.merge(np.array([30, 31]), np.array([0, 1]), np.zeros(2), np.zeros(2, int), 1)
    subject.train(data, 1)
    expected = list(range(20)) + ([30, 31] if reference == "all" else [])
    embeddings = embed(subject.network, IMAGES, np.array(expected))
    np.testing.assert_allclose(subject.labelling.labeller.reference, embeddings, atol=1e-6)
    assert subject.labelling.labeller.labels.tolist() == data.labels[expected].tolist()


@pytest.mark.slow
def test_cross_entropy_labels_as_the_whole_network_does():
    subject, data = learner("cross-entropy"), examples()
    subject.train(data, 0)
    labels, confidence, matched = subject.label(np.arange(20, 40))
    probabilities = tf.nn.softmax(subject.network.trainer(IMAGES[20:])).numpy()
    np.testing.assert_array_equal(labels, probabilities.argmax(axis=1))
    np.testing.assert_allclose(confidence, probabilities.max(axis=1), rtol=1e-4)


@pytest.mark.slow
def test_no_test_data_no_accuracy():
    subject = learner(test_data=None)
    subject.train(examples(), 0)
    assert subject.test_accuracy() is None


@pytest.mark.slow
def test_test_accuracy_is_the_share_labelled_right():
    subject = learner()
    subject.train(examples(), 0)
    labels, *_ = subject.label(np.arange(40))
    assert subject.test_accuracy() == pytest.approx(100 * np.mean(labels == TRUTH))


def embed_as(monkeypatch, training, test):
    """Make the network embed `IMAGES` and all other images like this; the calls of `embed`."""
    calls = []

    def embed(network, images, indices):
        calls.append(len(indices))
        return (training if images is IMAGES else test)[indices]

    monkeypatch.setattr("keras_selflearn.network.embedding.embed", embed)
    return calls


@pytest.mark.slow
def test_standardised_features_give_the_test_accuracy_and_nothing_else(monkeypatch):
    # The second dimension is constant.
    training = np.stack([2.0 * TRUTH - 1, np.full(40, 5)], axis=1).astype(np.float32)
    calls = embed_as(monkeypatch, training, training * 10 + 100)
    subject = learner(test_data=(IMAGES.copy(), TRUTH))
    subject.train(examples(), 0)
    # 90 and 110 are both nearer to 1 than to -1.
    assert subject.test_accuracy() == 50
    labels, confidence, matched = subject.label(np.arange(20, 40))

    subject = learner(test_data=(IMAGES.copy(), TRUTH), test_features="standardised")
    calls.clear()
    subject.train(examples(), 1)
    assert subject.test_accuracy() == 100
    assert sorted(calls) == [20, 40]
    np.testing.assert_array_equal(subject.test_embeddings, training * 10 + 100)
    for before, after in zip((labels, confidence, matched), subject.label(np.arange(20, 40))):
        np.testing.assert_array_equal(before, after)


@pytest.mark.slow
@pytest.mark.parametrize("reference", ["initial", "all"])
def test_standardised_test_accuracy_is_that_of_a_loop(reference, monkeypatch):
    rng = np.random.default_rng(0)
    training = (rng.normal(size=(40, 3)) * [1, 10, 0.1] + 2).astype(np.float32)
    test = (rng.normal(size=(40, 3)) * [3, 2, 0.5] - 1).astype(np.float32)
    embed_as(monkeypatch, training, test)
    subject = learner(
        test_data=(IMAGES.copy(), TRUTH),
        reference=reference,
        test_features="standardised",
    )
    data = examples()
    data = data.merge(np.arange(20, 30), np.repeat(1, 10), np.zeros(10), np.zeros(10, int), 1)
    subject.train(data, 1)
    compared = training[:30] if reference == "all" else training[:20]
    there, here = (
        (each - each.mean(axis=0)) / np.sqrt(each.var(axis=0))
        for each in (compared.astype(np.float64), test.astype(np.float64))
    )
    nearest = [min(range(len(there)), key=lambda i: math.dist(there[i], one)) for one in here]
    expected = 100 * np.mean(data.labels[nearest] == TRUTH)
    assert subject.test_accuracy() == pytest.approx(expected)


@pytest.mark.slow
def test_cross_entropy_has_one_test_accuracy(monkeypatch):
    test = np.random.default_rng(0).normal(3, 2, size=(40, 8)).astype(np.float32)
    embed_as(monkeypatch, np.zeros((40, 8), np.float32), test)
    subject = learner("cross-entropy", test_data=(IMAGES.copy(), TRUTH))
    subject.train(examples(), 0)
    predicted, *_ = subject.labelling.labeller.label(test)
    subject.labelling = EmbeddingLabelling(
        embed_with(subject.network),
        IMAGES,
        labellers(subject.network, get_objective("cross-entropy")),
        test_features="standardised",
    )
    assert subject.test_accuracy() == pytest.approx(100 * np.mean(predicted == TRUTH))


@pytest.mark.slow
def test_nothing_is_traced_twice(monkeypatch):
    traces = []

    @tf.keras.utils.register_keras_serializable(package="test")
    class CountTraces(tf.keras.layers.Layer):
        def call(self, inputs):
            traces.append(1)
            return inputs

    def counting(image_shape):
        inputs = tf.keras.Input(image_shape)
        pooled = tf.keras.layers.GlobalAveragePooling2D()(CountTraces()(inputs))
        return tf.keras.Model(inputs, pooled)

    monkeypatch.setitem(backbone.BACKBONES, "tiny", counting)
    subject, data = learner(), examples()
    subject.train(data, 0)
    subject.label(data.unlabelled)
    subject.test_accuracy()
    before = len(traces)
    for meta_iteration in (1, 2):
        chosen = data.unlabelled[:3]
        data = data.merge(chosen, TRUTH[chosen], np.zeros(3), np.zeros(3, int), meta_iteration)
        subject.train(data, meta_iteration)
        subject.label(data.unlabelled)
        subject.test_accuracy()
    assert len(traces) == before


@pytest.mark.slow
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("reference", ["initial", "all"])
@pytest.mark.parametrize("loss", ["cross-entropy", "triplet"])
def test_a_trained_network_embeds_no_image_twice(monkeypatch, loss, reference, order):
    test_images = IMAGES.copy()
    of_networks = []

    def spy(network, images, indices):
        kind = "test" if images is test_images else "training"
        of_networks[-1].extend((kind, index) for index in indices.tolist())
        return embed(network, images, indices)

    monkeypatch.setattr("keras_selflearn.network.embedding.embed", spy)
    subject = learner(loss, reference=reference, test_data=(test_images, TRUTH))
    train = subject.train

    def train_another(*arguments):
        of_networks.append([])
        return train(*arguments)

    subject.train = train_another
    data = examples()
    for _ in self_learning(
        RunState(data),
        subject,
        meta_iterations=3,
        select=lambda labels, confidence, meta_iteration: np.argsort(-confidence)[:4],
        order=order,
    ):
        pass
    assert len(of_networks) == 4
    for embedded in of_networks:
        assert len(embedded) == len(set(embedded))
        assert {index for kind, index in embedded if kind == "test"} == set(range(40))
    assert "training" in dict(of_networks[1])


@pytest.mark.slow
def test_the_scale_of_a_float16_loss_is_kept():
    def scale_and_steps(subject):
        optimizer = subject.network.trainer.optimizer
        if hasattr(optimizer, "dynamic_scale"):
            return float(optimizer.dynamic_scale), int(optimizer.step_counter)
        return float(optimizer.loss_scale), int(optimizer.dynamic_counter)

    subject, data = learner(precision="mixed_float16"), examples()
    subject.train(data, 0)
    another = learner(precision="mixed_float16")
    assert scale_and_steps(another) != scale_and_steps(subject)
    another.restore(subject.state(), data, None)
    assert scale_and_steps(another) == scale_and_steps(subject)


@pytest.mark.slow
def test_a_state_is_restored_to_the_last_bit():
    subject, data = learner(), examples()
    subject.train(data, 0)
    labels, confidence, matched = subject.label(data.unlabelled)
    another = learner()
    another.restore(subject.state(), data, None)
    assert another.state().numbers == subject.state().numbers
    for name, array in subject.state().arrays.items():
        np.testing.assert_array_equal(another.state().arrays[name], array)
    for found, expected in zip(another.label(data.unlabelled), (labels, confidence, matched)):
        np.testing.assert_array_equal(found, expected)


def test_the_state_of_another_network_is_refused_and_changes_nothing():
    subject, data = learner(), examples()
    before = subject.state()
    with pytest.raises(ValueError, match=r"variable-4 is float32 \(32, 9\), not float32 \(32, 8\)"):
        subject.restore(learner(embedding_size=9).state(), data, 0)
    for name, array in before.arrays.items():
        np.testing.assert_array_equal(subject.state().arrays[name], array)


@pytest.mark.slow
def test_a_training_is_not_gone_on_with_where_none_was_begun():
    subject, data = learner(after_step=stop_at(3)), examples()
    with pytest.raises(Stop):
        subject.train(data, 0)
    learner().restore(subject.state(), data, 0)
    with pytest.raises(ValueError, match="can't be at"):
        learner().restore(subject.state(), data, None)


class Stop(Exception):
    pass


def stop_at(step):
    steps = itertools.count(1)

    def after_step():
        if next(steps) == step:
            raise Stop

    return after_step


class Sabotage(tf.keras.callbacks.Callback):
    """Fills all weights with this value after a gradient step."""

    def __init__(self, step, value):
        super().__init__()
        self.step, self.value = step, value

    def on_train_batch_end(self, batch, logs=None):
        if int(self.model.optimizer.iterations) == self.step:
            for variable in self.model.trainable_variables:
                variable.assign(np.full(variable.shape, self.value))


@pytest.mark.slow
@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize(
    ("after", "step", "meta_iteration", "rate"), [(1, 2, 0, 1e-3), (2, 3, 0, 1e-3), (5, 2, 1, 1e-4)]
)
def test_a_loss_that_is_no_number_stops_at_that_step(value, after, step, meta_iteration, rate):
    saved = []
    subject = learner(
        "cross-entropy",
        callbacks=[Sabotage(after, value)],
        after_step=lambda: saved.append(1),
    )
    data = examples()
    expected = rf"nan at gradient step {step} of meta-iteration {meta_iteration}: .* than {rate}"
    with pytest.raises(UntrustworthyError, match=expected):
        subject.train(data, 0)
        subject.train(data, 1)
    assert len(saved) == after  # not after the step itself


@pytest.mark.slow
def test_embeddings_that_collapsed_stop_before_they_label():
    subject, data = learner(callbacks=[Sabotage(4, 0.0)]), examples()
    subject.train(data, 0)
    collapsed = "collapsed in the training of meta-iteration 0: it is the same for all 20 {} images"
    with pytest.raises(UntrustworthyError, match=collapsed.format("unlabelled")):
        subject.label(data.unlabelled)
    with pytest.raises(UntrustworthyError, match="it is the same for all 40 test images"):
        subject.test_accuracy()


@pytest.mark.slow
def test_embeddings_that_are_no_numbers_stop_before_they_label():
    subject, data = learner(callbacks=[Sabotage(4, np.nan)]), examples()
    subject.train(data, 0)  # the last loss was still one
    with pytest.raises(UntrustworthyError, match="unlabelled images became NaN or infinite"):
        subject.label(data.unlabelled)


def test_a_class_that_has_vanished_stops_before_training():
    subject, data = learner(), examples()
    data.labels[:20] = 1
    with pytest.raises(UntrustworthyError, match="In meta-iteration 1 no labelled example is left"):
        subject.train(data, 1)
    assert int(subject.network.trainer.optimizer.iterations) == 0


def test_weights_that_are_no_numbers_are_not_saved():
    subject = learner()
    subject.state()
    weights = subject.network.trainer.get_weights()
    weights[0][0] = np.nan
    subject.network.trainer.set_weights(weights)
    with pytest.raises(InputError, match="NaN or infinite in the training after meta-iteration 0"):
        subject.state()


@pytest.mark.slow
@pytest.mark.parametrize("loss", ["triplet", "cross-entropy"])
def test_many_images_are_labelled_a_part_at_a_time(loss, monkeypatch):
    subject = learner(loss)
    subject.train(examples(), 0)
    expected = subject.label(np.arange(15, 40))
    monkeypatch.setattr("keras_selflearn.training.embedding_labelling._LABELLED_AT_ONCE", 10)
    sizes = []
    embed = subject.labelling._embed
    monkeypatch.setattr(
        subject.labelling, "_embed", lambda *args: (sizes.append(len(args[2])), embed(*args))[1]
    )
    found = subject.label(np.arange(15, 40))
    assert sizes == [10, 10, 5]
    np.testing.assert_array_equal(found[0], expected[0])
    np.testing.assert_allclose(found[1], expected[1], rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(found[2], expected[2])
    assert [len(each) for each in subject.label(np.arange(0))] == [0, 0, 0]


class Together(NearestNeighbourLabeller):
    """Labels the unlabelled images that it was fitted on, and no others."""

    needs_unlabelled = True

    def fit(self, reference, labels, unlabelled=None):
        super().fit(reference, labels)
        self.together = self.label(unlabelled)
        return self

    def label_unlabelled(self):
        return self.together


@pytest.mark.slow
def test_a_labeller_of_all_images_together_is_fitted_on_the_images_asked_for():
    alone, data = learner(), examples()
    alone.train(data, 0)
    labelling = EmbeddingLabelling(
        embed_with(alone.network), IMAGES, lambda **_: Together(Setting(2, normalized=True))
    )
    labelling.follow(data, 0)
    for indices in (data.unlabelled, np.arange(15, 40)):
        found, expected = labelling.label(indices), alone.label(indices)
        np.testing.assert_array_equal(found.labels, expected.labels)
        np.testing.assert_array_equal(found.nearest, expected.nearest)
