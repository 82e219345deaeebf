"""Measures how fast this machine trains, in the trainings themselves."""

from __future__ import annotations

from time import monotonic
from typing import Any, Callable

import tensorflow as tf

# The pace is told after this many steps and seconds, because the first ones vary.
_STEPS, _SECONDS = 5, 5.0


class Pace(tf.keras.callbacks.Callback):
    """Measures the time of gradient steps and tells when it is known.

    Parameters
    ----------
    batch_size : int
        Number of images in a step.
    tell : callable
        Called once after the first steps, without arguments.
    """

    def __init__(self, batch_size: int, tell: Callable[[], None]) -> None:
        super().__init__()
        self._batch_size = batch_size
        self._tell: Callable[[], None] | None = tell
        self._last: float | None = None
        self._steps = 0
        self._seconds = 0.0

    @property
    def images_per_second(self) -> float | None:
        """The mean over all measured steps; None after too few steps."""
        if self._steps < _STEPS or self._seconds < _SECONDS:
            return None
        return self._steps * self._batch_size / self._seconds

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Leave out the time between two epochs, and the step that builds the graph."""
        self._last = None

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Add a step."""
        now = monotonic()
        if self._last is not None:
            self._steps += 1
            self._seconds += now - self._last
        self._last = now
        if self._tell is not None and self.images_per_second is not None:
            tell, self._tell = self._tell, None
            tell()
