"""Keras' `fit` of one training, from any gradient step on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Callable

import numpy as np
import tensorflow as tf

from keras_selflearn.network.averaging import WeightAverage
from keras_selflearn.training.schedule import Training


@dataclass
class UnderWay:
    """How far a training is.

    Attributes
    ----------
    steps : int
        Gradient steps done.
    losses : list of float
        The mean loss of each part (see `Training.epochs_and_steps`) that is done.
    sums : (float, float)
        Of the losses of the part begun, as Keras weighs them, and of the weights; 0 and 0 where
        none is begun.
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
    training: Training,
    batches_from: Callable[[int], tf.data.Dataset],
    *,
    steps_per_epoch: int,
    under_way: UnderWay,
    average: WeightAverage | None,
    first_epoch: int,
    callbacks: Sequence[tf.keras.callbacks.Callback],
    after_step: Callable[[float], None],
) -> None:
    """Do what is left of a training.

    Parameters
    ----------
    trainer : compiled Model
    training : Training
    batches_from : callable
        Gives the training's batches from this gradient step of it on.
    steps_per_epoch : int
    under_way : UnderWay
        Kept up to date: with weights, their average and optimiser it is all that another process
        needs to go on.
    average : WeightAverage or None
        Where the `training` averages: kept up to date, too; at the end it replaces the
        weights. Keras' own does so at the end of each `fit`, within a training gone on with.
    first_epoch : int
        Number that Keras gives the first part of this training.
    callbacks : sequence of Keras callbacks
    after_step : callable
        Called with the mean loss of the part so far; what it raises ends the training.
    """
    parts, steps = training.epochs_and_steps(steps_per_epoch)
    rates = training.rates(parts * steps)
    while len(under_way.losses) < parts and not training.has_settled(under_way.losses):
        begun = under_way.steps % steps
        epoch = first_epoch + len(under_way.losses)
        trainer.fit(
            batches_from(under_way.steps),
            initial_epoch=epoch,
            epochs=epoch + 1 if begun else first_epoch + parts,
            steps_per_epoch=steps - begun,
            callbacks=[
                _Follow(training, rates, steps, under_way, average),
                *callbacks,
                _AfterStep(steps, under_way, after_step),
            ],
            shuffle=False,
            verbose=0,
        )
    if average is not None:
        average.take_over(under_way.steps, training.ema_momentum)


class _Follow(tf.keras.callbacks.Callback):
    """Gives each step its rate, counts and averages it; the first, so that others see that."""

    def __init__(
        self,
        training: Training,
        rates: np.ndarray,
        steps: int,
        under_way: UnderWay,
        average: WeightAverage | None,
    ):
        super().__init__()
        self._training = training
        self._rates = rates
        self._steps = steps
        self._under_way = under_way
        self._average = average

    def on_train_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        self.model.optimizer.learning_rate.assign(self._rates[self._under_way.steps])

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        under_way, mean = self._under_way, _mean_loss(self.model)
        if batch == 0 and under_way.steps % self._steps:
            # Keras begins each `fit` at 0, and has the variables only after a first step.
            for variable, before in zip((mean.total, mean.count), under_way.sums):
                variable.assign(variable.numpy() + np.float32(before))
        under_way.steps += 1
        under_way.sums = float(mean.total.numpy()), float(mean.count.numpy())
        if self._average is not None:
            self._average.after_step(under_way.steps, self._training.ema_momentum)

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        self._under_way.losses.append(float(_mean_loss(self.model).result()))
        self._under_way.sums = 0.0, 0.0
        if self._training.has_settled(self._under_way.losses):
            self.model.stop_training = True


class _AfterStep(tf.keras.callbacks.Callback):
    """The last callback, so that all others know of a step that is saved."""

    def __init__(self, steps: int, under_way: UnderWay, after_step: Callable[[float], None]):
        super().__init__()
        self._steps = steps
        self._under_way = under_way
        self._after_step = after_step

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        if self._under_way.steps % self._steps:  # the last of a part ends the epoch, too
            total, weight = self._under_way.sums
            self._after_step(total / weight)

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        self._after_step(self._under_way.losses[-1])


def _mean_loss(model: tf.keras.Model) -> tf.keras.metrics.Mean:
    return next(metric for metric in model.metrics if metric.name == "loss")
