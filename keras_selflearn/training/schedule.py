"""How long a training lasts, at what learning rates, and with which weights it ends."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from keras_selflearn.options.training import ScheduleOptions

# A loss that falls by less than this, in its own unit, has settled.
_SETTLED_WITHIN = 0.01


@dataclass(frozen=True)
class _Length:
    epochs: int
    learning_rate: float
    steps: int | None = None


@dataclass(frozen=True)
class Schedule(ScheduleOptions, _Length):
    """The schedule of one training.

    Attributes
    ----------
    epochs : int
        Not used if `steps` is given.
    learning_rate : float
        The highest learning rate.
    steps : int or None
        Gradient steps in place of epochs, however many examples there are.

    The other attributes are the options of `ScheduleOptions`.
    """

    @property
    def averages(self) -> bool:
        """Whether it ends with an average of its weights (see `WeightAverage`)."""
        return self.ema_momentum > 0

    def epochs_and_steps(self, steps_per_epoch: int) -> tuple[int, int]:
        """Return in how many parts, of how many gradient steps each, Keras trains.

        With `epochs` a part is an epoch. With `steps` Keras calls the parts epochs, too: all have
        the same length, at least that of an epoch unless the training is shorter.
        """
        if self.steps is None:
            return self.epochs, steps_per_epoch
        parts = max(self.steps // steps_per_epoch, 1)
        while self.steps % parts:
            parts -= 1
        return parts, self.steps // parts

    def has_settled(self, losses: Sequence[float]) -> bool:
        """Whether none of the last `settled_epochs` mean losses is below the least before them."""
        if self.settled_epochs is None or len(losses) <= self.settled_epochs:
            return False
        least, since = math.inf, 0
        for loss in losses:
            fell = loss < least - _SETTLED_WITHIN
            least, since = (loss, 0) if fell else (least, since + 1)
        return since >= self.settled_epochs

    def rates(self, n_steps: int) -> np.ndarray:
        """Return the learning rate (n_steps,) float64 of each gradient step."""
        step = np.arange(n_steps)
        rising = self.warmup * n_steps
        done = np.clip((step - rising) / (n_steps - rising), 0, 1)
        falling = (1 + np.cos(np.pi * done)) / 2 if self.decay == "cosine" else np.ones(n_steps)
        return self.learning_rate * np.where(step < rising, (step + 1) / (rising + 1), falling)
