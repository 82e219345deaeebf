"""How long the rest takes, at the speed measured so far."""

from __future__ import annotations

import time
from collections.abc import Sequence

import tensorflow as tf
from tqdm import tqdm

from keras_selflearn.console.durations import in_words
from keras_selflearn.reproduction.estimate import expected_seconds
from keras_selflearn.runs.pace import Pace
from keras_selflearn.runs.workload import PASSES_IN_TRAINING, Workload


class TimeLeft:
    """Measures the speed of the trainings, says it once, and estimates the time of the rest.

    Parameters
    ----------
    parts : sequence of Workload
        The work that is planned, in its order.
    batch_size : int
        Images in a gradient step.

    Attributes
    ----------
    callbacks : sequence of Keras callbacks
        For each training of a part.
    """

    def __init__(self, parts: Sequence[Workload], *, batch_size: int) -> None:
        self._start = time.monotonic()
        self._parts = list(parts)
        self._pace = Pace(batch_size, self._tell)
        self.callbacks: Sequence[tf.keras.callbacks.Callback] = [self._pace]

    def next(self) -> None:
        """Leave the first part out: it is done."""
        del self._parts[0]

    def aside(self) -> str:
        """How long the rest takes, as the end of a line. Empty while the speed is unknown."""
        seconds = self._expected()
        return "" if seconds is None else f": about {in_words(seconds)} left"

    def taken(self) -> str:
        """The time since the start, in words."""
        return in_words(time.monotonic() - self._start)

    def _tell(self) -> None:
        # Above the progress bars, if there are any.
        tqdm.write(
            f"    This machine trains on {self._pace.images_per_second:.0f} images a second:"
            f" about {in_words(self._expected() or 0)} in all."
        )

    def _expected(self) -> float | None:
        pace = self._pace.images_per_second
        if pace is None:
            return None
        per_pass = 1 / (PASSES_IN_TRAINING * pace)
        return sum(expected_seconds(work, per_pass) for work in self._parts)
