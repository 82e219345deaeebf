"""Shows how far a run is: one bar on a terminal, lines elsewhere."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from typing import Any, Callable

import tensorflow as tf
from tqdm import tqdm

from keras_selflearn.console.durations import in_words
from keras_selflearn.console.log import printable
from keras_selflearn.console.screen import standard_error
from keras_selflearn.runs.plan import Part, Plan
from keras_selflearn.runs.whole_run import WholeRun
from keras_selflearn.selflearning.learner import Learner
from keras_selflearn.selflearning.record import Record

_LOG = logging.getLogger(__name__)
_SECONDS_BETWEEN_LINES = 15
_BAR = "{percentage:3.0f} %|{bar:8}| {desc}"
_COLUMNS = 79
# The run that is one training of unknown length.
ONE_TRAINING = Plan(0, 0.0, ((Part(0.0, 0, 0.0, 0.0),),))


def describe(record: Record, measured: str = "test accuracy") -> str:
    """Say in one line what a meta-iteration did; `measured` says what the accuracy is."""
    parts = [f"{record.labelled} labelled", f"loss {record.loss:.3f}"]
    if record.test_accuracy is not None:
        parts.append(f"{measured} {record.test_accuracy:.2f} %")
    if record.selected_accuracy is not None:
        parts.append(f"{record.selected_accuracy:.1f} % of {record.selected} new labels right")
    return ", ".join(parts)


class Progress(tf.keras.callbacks.Callback):
    """Follows all trainings of a run, its folds among them, and tells how far it is.

    Parameters
    ----------
    name : str
        The name of the run.
    whole : WholeRun
    tell_time : callable, optional
        Called once with the seconds of the whole run, when its speed is known.
    """

    def __init__(
        self, name: str, whole: WholeRun, tell_time: Callable[[float], None] | None = None
    ) -> None:
        super().__init__()
        self._name = name
        self._whole = whole
        self._tell_time = tell_time
        self._start = time.monotonic()
        self._doing = "features"
        self._is_fold = False

    def begin(self, fit: int) -> None:
        """Go to a fold, or to the run itself after the last fold."""
        self._whole.begin(fit)
        self._is_fold = fit < self._whole.plan.folds

    def end_at(self, meta_iteration: int) -> None:
        """Expect no training of the run itself after this meta-iteration."""
        self._whole.end_at(meta_iteration)

    def on_resume(self, history: Sequence[dict[str, Any]]) -> None:
        """Go to the end of the trainings that an earlier process has done."""
        self._whole.resume(len(history))

    def on_features(self, kind: str, done: int, n: int) -> None:
        """Count the images whose features are computed."""
        self._whole.features(kind, done, n)
        self._doing = f"features of {done}/{n} {kind} images"
        self._show_all()

    def on_graph(self, done: int, n: int) -> None:
        """Say how many images the graph has joined."""
        self._doing = f"graph: {done}/{n} images joined"
        self._show_all()

    def on_gradient_step(self, done: int, of: int, loss: float) -> None:
        """Count a step."""
        self._whole.step(done, of)
        pace = self._whole.steps_per_second
        speed = "" if pace is None else f", {pace:.1f} a second"
        # The least important comes last: a narrow screen cuts it off.
        self._doing = f"{self._whole.where()}, step {done}/{of}, loss {loss:.3f}{speed}"
        self._show_all()

    def on_meta_iteration_end(self, record: Record, learner: Learner) -> None:
        """Count a training, and say what the meta-iteration did. Folds say it at their end."""
        self._whole.end_training()
        planned = self._whole.meta_iterations
        number = f"meta-iteration {record.meta_iteration} of {planned}"
        step = number if planned else "trained"
        if not self._is_fold:
            self.say(f"{step}: {describe(record)}")
        self._doing = self._whole.where()
        self._show_all()

    def say(self, line: str) -> None:
        """Show a line that stays."""
        raise NotImplementedError

    def close(self) -> None:
        """End what is shown."""

    def _show_all(self) -> None:
        left = self._whole.seconds_left
        if left is not None and self._tell_time is not None:
            tell, self._tell_time = self._tell_time, None
            tell(time.monotonic() - self._start + left)
        self._show(self._whole.share, "" if left is None else f"{in_words(left)} left")

    def _show(self, share: float, left: str) -> None:
        raise NotImplementedError


class ProgressBar(Progress):
    """Shows a bar that fits into 80 columns; see `Progress`."""

    def __init__(
        self, name: str, whole: WholeRun, tell_time: Callable[[float], None] | None = None
    ) -> None:
        super().__init__(name, whole, tell_time)
        self._screen = standard_error()
        tqdm.write(name, file=self._screen)
        self._bar = tqdm(
            total=1.0, bar_format=_BAR, ncols=_COLUMNS, miniters=0, leave=False, file=self._screen
        )

    def say(self, line: str) -> None:
        """Show a line above the bar."""
        tqdm.write(line, file=self._screen)

    def close(self) -> None:
        """Remove the bar."""
        self._bar.close()

    def _show(self, share: float, left: str) -> None:
        self._bar.set_description_str(", ".join(filter(None, (left, self._doing))), refresh=False)
        self._bar.update(share - self._bar.n)


class ProgressLines(Progress):
    """Writes a line after each meta-iteration, and every few seconds; see `Progress`."""

    def __init__(
        self, name: str, whole: WholeRun, tell_time: Callable[[float], None] | None = None
    ) -> None:
        super().__init__(name, whole, tell_time)
        self._last_line = time.monotonic()

    def say(self, line: str) -> None:
        """Write a line."""
        _LOG.info("%s %s: %s", time.strftime("%H:%M:%S"), printable(self._name), line)
        self._last_line = time.monotonic()

    def _show(self, share: float, left: str) -> None:
        if time.monotonic() - self._last_line > _SECONDS_BETWEEN_LINES:
            self.say(", ".join(filter(None, (f"{100 * share:.0f} %", left, self._doing))))


def make_progress(
    name: str,
    plan: Plan = ONE_TRAINING,
    tell_time: Callable[[float], None] | None = None,
) -> Progress:
    """Make a bar if standard error is a terminal, else lines."""
    kind = ProgressBar if standard_error().isatty() else ProgressLines
    return kind(name, WholeRun(plan, time.monotonic), tell_time)
