"""Shows how far a training is: bars on a terminal, lines elsewhere."""

from __future__ import annotations

import logging
import time
from typing import Any

import tensorflow as tf
from tqdm import tqdm

from keras_selflearn.console.log import printable
from keras_selflearn.console.screen import standard_error
from keras_selflearn.selflearning.learner import Learner
from keras_selflearn.selflearning.record import Record

_LOG = logging.getLogger(__name__)
_SECONDS_BETWEEN_LINES = 15
_TIMES = "[{elapsed}<{remaining}{postfix}]"
_META_BAR = "{desc}: {percentage:3.0f}%|{bar:20}| {n_fmt}/{total_fmt} " + _TIMES
_EPOCH_BAR = "{desc:>15}: {percentage:3.0f}%|{bar:20}| {n:.1f}/{total} " + _TIMES


def describe(record: Record, measured: str = "test accuracy") -> str:
    """Say in one line what a meta-iteration did; `measured` says what the accuracy is."""
    parts = [f"{record.labelled} labelled", f"loss {record.loss:.3f}"]
    if record.test_accuracy is not None:
        parts.append(f"{measured} {record.test_accuracy:.2f} %")
    if record.selected_accuracy is not None:
        parts.append(f"{record.selected_accuracy:.1f} % of {record.selected} new labels right")
    return ", ".join(parts)


class ProgressBars(tf.keras.callbacks.Callback):
    """Shows a bar of epochs and a bar of meta-iterations.

    Parameters
    ----------
    name : str
        The name of the run.
    meta_iterations : int
    measured : str
        Says what the accuracy is.
    """

    def __init__(self, name: str, meta_iterations: int, measured: str = "test accuracy") -> None:
        super().__init__()
        self._measured = measured
        self._screen = screen = standard_error()
        tqdm.write(name, file=screen)
        self._outer = tqdm(
            total=meta_iterations,
            desc="meta-iterations",
            bar_format=_META_BAR,
            disable=not meta_iterations,
            file=screen,
        )
        self._inner = tqdm(total=1, desc="epochs", leave=False, bar_format=_EPOCH_BAR, file=screen)
        self._first_epoch: int | None = None
        self._images: tuple[str, tqdm] | None = None

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Start a bar with the first epoch of a training."""
        if self._first_epoch is None:
            self._first_epoch = epoch
            self._inner.reset(self.params["epochs"] - epoch)
            self._inner.set_description_str("epochs")

    def on_features(self, kind: str, done: int, n: int) -> None:
        """Move by the images whose features are computed."""
        self._move(f"features of {kind} images", done, n)

    def on_graph(self, done: int, n: int) -> None:
        """Move by the images that the graph has joined, where that takes long."""
        self._move("graph of all images", done, n, leave=False, delay=_SECONDS_BETWEEN_LINES)

    def _move(self, what: str, done: int, n: int, **options: Any) -> None:
        if self._images is None or self._images[0] != what:
            bar = tqdm(
                total=n, desc=what, unit=" images", initial=done, file=self._screen, **options
            )
            self._images = (what, bar)
        bar = self._images[1]
        bar.update(done - bar.n)
        if done == n:
            bar.close()
            self._images = None

    def on_train_batch_end(self, batch: int, logs: dict) -> None:
        """Move by the share that a step has of an epoch."""
        self._inner.update(1 / self.params["steps"])
        self._inner.set_postfix_str(f"loss {logs['loss']:.3f}", refresh=False)

    def on_train_end(self, logs: dict | None = None) -> None:
        """End the training's bar; what follows is labelling."""
        self._first_epoch = None
        self._inner.set_description_str("labelling")

    def on_meta_iteration_end(self, record: Record, learner: Learner) -> None:
        """Move the outer bar; it does not count the first training."""
        if record.meta_iteration:
            self._outer.update(1)
        self._outer.set_postfix_str(describe(record, self._measured))

    def close(self) -> None:
        """Remove the inner bar and end the others."""
        if self._images is not None:
            self._images[1].close()
        self._inner.close()
        self._outer.close()


class ProgressLines(tf.keras.callbacks.Callback):
    """Writes a line after each meta-iteration, and every few seconds between them.

    Parameters
    ----------
    name : str
        The name of the run.
    meta_iterations : int
    measured : str
        Says what the accuracy is.
    """

    def __init__(self, name: str, meta_iterations: int, measured: str = "test accuracy") -> None:
        super().__init__()
        self._measured = measured
        self._name = name
        self._meta_iterations = meta_iterations
        self._last_line = time.monotonic()
        self._epoch = 0
        self._training: tuple[float, int] | None = None
        self._images: tuple[str, float, int] | None = None

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Remember the epoch."""
        self._epoch = epoch

    def on_features(self, kind: str, done: int, n: int) -> None:
        """Say how many features are computed, how fast, and how long the rest takes."""
        self._say(f"features of {{}} of {{}} {kind} images", done, n)

    def on_graph(self, done: int, n: int) -> None:
        """Say how many images the graph has joined, how fast, and how long the rest takes."""
        self._say("graph: {} of {} images joined", done, n)

    def _say(self, what: str, done: int, n: int) -> None:
        now = time.monotonic()
        if self._images is None or self._images[0] != what:
            self._images = (what, now, done)
        _, since, first = self._images
        # What takes less than that needs no line.
        if now - max(self._last_line, since) > _SECONDS_BETWEEN_LINES and done > first:
            pace = (done - first) / (now - since)
            left = (n - done) / pace
            self._log(
                f"{what.format(done, n)}, {pace:.0f} images a second, {left / 60:.1f} minutes left"
            )
        if done == n:
            self._images = None  # The next network begins anew.

    def on_train_batch_end(self, batch: int, logs: dict) -> None:
        """Say where training is, and how long the rest takes, now and then."""
        now = time.monotonic()
        done = self._epoch * self.params["steps"] + batch + 1
        if self._training is None or done <= self._training[1]:  # a training begins, or goes on
            self._training = (now, done)
        since, first = self._training
        if now - self._last_line > _SECONDS_BETWEEN_LINES and done > first:
            # Keras counts the epochs over all trainings, so that only the rest is of this one.
            left = self.params["epochs"] * self.params["steps"] - done
            pace = (done - first) / (now - since)
            self._log(
                f"{left} steps left, {pace:.1f} a second, {left / pace / 60:.1f} minutes,"
                f" loss {logs['loss']:.3f}"
            )

    def on_meta_iteration_end(self, record: Record, learner: Learner) -> None:
        """Say what the meta-iteration did."""
        number = f"meta-iteration {record.meta_iteration} of {self._meta_iterations}"
        step = number if self._meta_iterations else "trained"
        self._log(f"{step}: {describe(record, self._measured)}")

    def close(self) -> None:
        """Do nothing: lines need no end."""

    def _log(self, line: str) -> None:
        _LOG.info("%s %s: %s", time.strftime("%H:%M:%S"), printable(self._name), line)
        self._last_line = time.monotonic()


def make_progress(
    name: str, meta_iterations: int, measured: str = "test accuracy"
) -> ProgressBars | ProgressLines:
    """Make bars if standard error is a terminal, else lines."""
    kind = ProgressBars if standard_error().isatty() else ProgressLines
    return kind(name, meta_iterations, measured)
