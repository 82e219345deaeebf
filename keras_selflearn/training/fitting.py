"""One training with Keras' `fit`, from any of its gradient steps on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Callable

import numpy as np
import tensorflow as tf

from keras_selflearn.network.averaging import WeightAverage
from keras_selflearn.training.schedule import Schedule


@dataclass
class TrainingProgress:
    """How far a training is.

    Attributes
    ----------
    steps : int
        The number of gradient steps done.
    losses : list of float
        The mean loss of each finished part (see `Schedule.epochs_and_steps`).
    sums : (float, float)
        For a part that has begun: the sum of its losses, as Keras weighs them, and the sum of the
        weights. Else 0 and 0.
    """

    steps: int = 0
    losses: list[float] = field(default_factory=list)
    sums: tuple[float, float] = (0.0, 0.0)

    def check(self, parts: int, steps: int) -> None:
        """Raise a `ValueError` unless a training of so many parts of so many steps can be there."""
        numbers = [*self.losses, *self.sums]
        if not (
            type(self.steps) is int
            and 0 <= self.steps <= parts * steps
            and len(self.losses) == self.steps // steps
            and len(self.sums) == 2
            and all(type(number) is float and math.isfinite(number) for number in numbers)
            and (self.sums[1] > 0 if self.steps % steps else not any(self.sums))
        ):
            raise ValueError(f"a training of {parts} times {steps} steps can't be at {self}")


def fit(
    trainer: tf.keras.Model,
    schedule: Schedule,
    batches_from: Callable[[int], tf.data.Dataset],
    *,
    steps_per_epoch: int,
    progress: TrainingProgress,
    average: WeightAverage | None,
    first_epoch: int,
    callbacks: Sequence[tf.keras.callbacks.Callback],
    after_step: Callable[[float], None],
    verbose: int | str = 0,
) -> None:
    """Do the rest of a training.

    Parameters
    ----------
    trainer : compiled Model
    schedule : Schedule
    batches_from : callable
        Returns the batches from this gradient step of the training on.
    steps_per_epoch : int
    progress : TrainingProgress
        Updated after each step. With the weights, their average and the optimiser's state it is
        all that another process needs to go on.
    average : WeightAverage or None
        Needed if the schedule averages. Updated after each step; it replaces the
        weights at the end. Keras' own average replaces them at the end of each `fit`, and a
        training that was resumed has several.
    first_epoch : int
        The number that Keras gives the first part of this training.
    callbacks : sequence of Keras callbacks
        One that sets `stop_training` ends this training. A learning rate that one sets holds to the
        end of this training. A process that goes on has callbacks without what they learned.
    after_step : callable
        Called with the mean loss of the part so far. An exception from it ends the training.
    verbose : 0, 1, 2 or "auto"
        How Keras tells of its progress.
    """
    parts, steps = schedule.epochs_and_steps(steps_per_epoch)
    rates = schedule.rates(parts * steps)
    while len(progress.losses) < parts and not schedule.has_settled(progress.losses):
        begun = progress.steps % steps
        epoch = first_epoch + len(progress.losses)
        trainer.fit(
            batches_from(progress.steps),
            initial_epoch=epoch,
            epochs=epoch + 1 if begun else first_epoch + parts,
            steps_per_epoch=steps - begun,
            callbacks=[
                _Follow(schedule, rates, steps, progress, average),
                *callbacks,
                _AfterStep(steps, progress, after_step),
            ],
            shuffle=False,
            verbose=verbose,
        )
        if trainer.stop_training:
            break
    if average is not None:
        average.take_over(progress.steps, schedule.ema_momentum)


class _Follow(tf.keras.callbacks.Callback):
    """Sets the learning rate of each step, counts it and averages the weights.

    It is the first callback, so that the others see that.
    """

    def __init__(
        self,
        schedule: Schedule,
        rates: np.ndarray,
        steps: int,
        progress: TrainingProgress,
        average: WeightAverage | None,
    ) -> None:
        super().__init__()
        self._schedule = schedule
        self._rates = rates
        self._steps = steps
        self._progress = progress
        self._average = average
        self._rate = 0.0

    def on_train_begin(self, logs: dict | None = None) -> None:
        self._set_rate()

    def on_train_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        if float(self.model.optimizer.learning_rate.numpy()) == self._rate:
            self._set_rate()  # else a callback has set another

    def _set_rate(self) -> None:
        rate = self.model.optimizer.learning_rate
        rate.assign(self._rates[self._progress.steps])
        self._rate = float(rate.numpy())

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        progress, mean = self._progress, _mean_loss(self.model)
        if batch == 0 and progress.steps % self._steps:
            # Keras starts each `fit` at 0, and has these variables only after a first step.
            for variable, before in zip((mean.total, mean.count), progress.sums):
                variable.assign(variable.numpy() + np.float32(before))
        progress.steps += 1
        progress.sums = float(mean.total.numpy()), float(mean.count.numpy())
        if self._average is not None:
            self._average.after_step(progress.steps, self._schedule.ema_momentum)

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        self._progress.losses.append(float(_mean_loss(self.model).result()))
        self._progress.sums = 0.0, 0.0
        if self._schedule.has_settled(self._progress.losses):
            self.model.stop_training = True


class _AfterStep(tf.keras.callbacks.Callback):
    """Calls `after_step`. It is the last callback: the others have seen a step that is saved."""

    def __init__(
        self, steps: int, progress: TrainingProgress, after_step: Callable[[float], None]
    ) -> None:
        super().__init__()
        self._steps = steps
        self._progress = progress
        self._after_step = after_step

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        if self._progress.steps % self._steps:  # the last of a part ends the epoch, too
            total, weight = self._progress.sums
            self._after_step(total / weight)

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        if self._progress.steps % self._steps == 0:  # else a callback has ended the training
            self._after_step(self._progress.losses[-1])


def _mean_loss(model: tf.keras.Model) -> tf.keras.metrics.Mean:
    return next(metric for metric in model.metrics if metric.name == "loss")
