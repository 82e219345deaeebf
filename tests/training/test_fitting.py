"""A model so small that each loss can be computed by hand."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import tensorflow as tf

from keras_selflearn.network.averaging import WeightAverage
from keras_selflearn.training.fitting import TrainingProgress, fit
from keras_selflearn.training.schedule import Schedule

# Each epoch has batches of 2, 2 and 1 examples.
X = np.array([1, 2, 3, 4, 5], np.float32)[:, None]
Y = 3 * X - 1
SLICES = [slice(0, 2), slice(2, 4), slice(4, 5)]
EPOCHS = Schedule(epochs=3, learning_rate=0.01, decay="cosine")
STEPS = Schedule(epochs=9, steps=8, learning_rate=0.01, warmup=0.3)
# Ends with the mean of the weights after steps 10, 20 and 24.
AVERAGE = Schedule(epochs=9, steps=24, learning_rate=0.01, ema_momentum=0.9)
# Three parts of three steps, two of four, eight of three.
TRAININGS = {"epochs": EPOCHS, "steps": STEPS, "average": AVERAGE}


class Stop(Exception):
    pass


def model():
    tf.keras.utils.set_random_seed(0)
    trainer = tf.keras.Sequential([tf.keras.Input((1,)), tf.keras.layers.Dense(1)])
    trainer.compile(optimizer=tf.keras.optimizers.SGD(1.0, momentum=0.9), loss="mse")
    trainer.optimizer.build(trainer.trainable_variables)
    trainer.set_weights([np.array([[0.5]]), np.array([0.0])])
    return trainer


def by_hand(training, n_parts, n_steps):
    """The mean loss after each step, of the part so far, and the last weight and bias."""
    weight, bias, speed = 0.5, 0.0, np.zeros(2)
    rates = training.rates(n_parts * n_steps)
    means, kept = [], []
    for step, rate in enumerate(rates):
        if step % n_steps == 0:
            total = count = 0.0
        x, y = X[SLICES[step % 3], 0].astype(float), Y[SLICES[step % 3], 0].astype(float)
        error = weight * x + bias - y
        total, count = total + (error**2).sum(), count + len(x)
        means.append(total / count)
        speed = 0.9 * speed - rate * np.array([(2 * error * x).mean(), (2 * error).mean()])
        weight, bias = np.array([weight, bias]) + speed
        if (step + 1) % 10 == 0 or step + 1 == len(rates):
            kept.append([weight, bias])
    if training.ema_momentum:
        shares = training.ema_momentum ** (10.0 * np.arange(len(kept))[::-1])
        return means, shares @ np.array(kept) / shares.sum()
    return means, [weight, bias]


class Subject:
    """A model in training; stops after `stop_after` steps of it."""

    def __init__(self, training, stop_after=None):
        self.trainer, self.training, self.stop_after = model(), training, stop_after
        self.progress, self.means, self.asked = TrainingProgress(), [], []
        self.callback = Observer(self)
        weights = self.trainer.trainable_variables
        self.average = WeightAverage(weights) if training.ema_momentum else None

    def batches_from(self, step):
        self.asked.append(step)
        parts, steps = self.training.epochs_and_steps(3)

        def batches():
            for number in range(step, parts * steps):
                yield X[SLICES[number % 3]], Y[SLICES[number % 3]]

        spec = tf.TensorSpec((None, 1), tf.float32)
        return tf.data.Dataset.from_generator(batches, output_signature=(spec, spec))

    def after_step(self, mean):
        self.means.append(mean)
        self.callback.seen.append("saved")
        if self.progress.steps == self.stop_after:
            raise Stop

    def fit(self):
        fit(
            self.trainer,
            self.training,
            self.batches_from,
            steps_per_epoch=3,
            progress=self.progress,
            average=self.average,
            first_epoch=10,
            callbacks=[self.callback],
            after_step=self.after_step,
        )

    def variables(self):
        average = self.average.variables if self.average else []
        return [*self.trainer.weights, *self.trainer.optimizer.variables, *average]


class Observer(tf.keras.callbacks.Callback):
    def __init__(self, subject):
        super().__init__()
        self.subject, self.seen, self.rates = subject, [], []

    def on_train_batch_begin(self, batch, logs=None):
        self.rates.append(float(np.asarray(self.model.optimizer.learning_rate)))

    def on_train_batch_end(self, batch, logs=None):
        self.seen.append(self.subject.progress.steps)

    def on_epoch_end(self, epoch, logs=None):
        self.seen.append(f"epoch {epoch}")


@pytest.mark.parametrize("training", TRAININGS.values(), ids=TRAININGS)
def test_losses_weights_and_rates_are_those_computed_by_hand(training):
    subject = Subject(training)
    subject.fit()
    parts, steps = training.epochs_and_steps(3)
    means, weights = by_hand(training, parts, steps)
    np.testing.assert_allclose(subject.means, means, rtol=1e-4)
    np.testing.assert_allclose(subject.progress.losses, means[steps - 1 :: steps], rtol=1e-4)
    found = np.concatenate([each.ravel() for each in subject.trainer.get_weights()])
    np.testing.assert_allclose(found, weights, rtol=1e-4)
    np.testing.assert_allclose(subject.callback.rates, training.rates(parts * steps), rtol=1e-6)
    assert subject.progress.steps == parts * steps and subject.asked == [0]
    assert subject.progress.sums == (0.0, 0.0)


def test_a_step_is_saved_when_all_callbacks_know_of_it():
    subject = Subject(STEPS)
    subject.fit()
    first = [1, "saved", 2, "saved", 3, "saved", 4, "epoch 10", "saved"]
    assert subject.callback.seen[:9] == first
    assert subject.callback.seen[-3:] == [8, "epoch 11", "saved"]


@pytest.mark.slow
@pytest.mark.parametrize("training", TRAININGS.values(), ids=TRAININGS)
def test_a_training_stopped_after_any_step_goes_on_as_if_it_had_not_been(training):
    tf.config.experimental.enable_op_determinism()
    whole = Subject(training)
    whole.fit()
    for stop_after in range(1, whole.progress.steps + 1):
        stopped = Subject(training, stop_after)
        with pytest.raises(Stop):
            stopped.fit()
        assert stopped.progress.steps == stop_after
        again = Subject(training)
        again.progress = copy.deepcopy(stopped.progress)
        for variable, value in zip(again.variables(), stopped.variables()):
            variable.assign(value)
        again.fit()
        assert again.progress == whole.progress
        assert stopped.means + again.means == whole.means
        assert stopped.callback.rates + again.callback.rates == whole.callback.rates
        assert stopped.callback.seen + again.callback.seen == whole.callback.seen
        for found, expected in zip(again.variables(), whole.variables()):
            np.testing.assert_array_equal(np.asarray(found), np.asarray(expected))


def test_a_training_that_has_settled_ends_and_stays_ended():
    still = Schedule(epochs=50, learning_rate=0.0, settled_epochs=2)
    subject = Subject(still)
    subject.fit()
    assert len(subject.progress.losses) == 3 and subject.progress.steps == 9
    subject.fit()
    assert subject.progress.steps == 9 and subject.asked == [0]


@pytest.mark.parametrize(
    "progress",
    [
        TrainingProgress(),
        TrainingProgress(1, [], (0.5, 2.0)),
        TrainingProgress(3, [], (0.0, 12.0)),
        TrainingProgress(4, [0.25]),
        TrainingProgress(7, [0.25], [0.5, 6.0]),
        TrainingProgress(8, [0.25, 0.125]),
    ],
)
def test_where_a_training_of_two_times_four_steps_can_be(progress):
    progress.check(2, 4)


@pytest.mark.parametrize(
    "progress",
    [
        TrainingProgress(-1, [], (0.5, 2.0)),
        TrainingProgress(9, [0.25, 0.125], (0.5, 2.0)),
        TrainingProgress(12, [0.25, 0.125, 0.0]),
        TrainingProgress(1.0, [], (0.5, 2.0)),
        TrainingProgress(True, [], (0.5, 2.0)),
        TrainingProgress(1),
        TrainingProgress(1, [], (0.5, -2.0)),
        TrainingProgress(1, [], (0.5,)),
        TrainingProgress(1, [], (float("nan"), 2.0)),
        TrainingProgress(1, [], (0.5, float("inf"))),
        TrainingProgress(4, []),
        TrainingProgress(4, [0.25, 0.125]),
        TrainingProgress(4, [float("nan")]),
        TrainingProgress(4, ["a"]),
        TrainingProgress(4, [0.25], (0.5, 2.0)),
    ],
)
def test_where_it_can_t_be(progress):
    with pytest.raises(ValueError, match="a training of 2 times 4 steps can't be at"):
        progress.check(2, 4)
