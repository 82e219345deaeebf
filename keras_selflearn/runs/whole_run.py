"""Where a run is in its plan, and how long the rest takes at the speed measured so far."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Callable

from keras_selflearn.runs.plan import Part, Plan

# Speed is known after so many seconds.
_SECONDS = 5.0


class WholeRun:
    """Follows a run through its plan.

    Features and trainings have a speed each. As long as only one of them is known, it stands for
    the other.

    Parameters
    ----------
    plan : Plan
    clock : callable
        The time in seconds.
    """

    def __init__(self, plan: Plan, clock: Callable[[], float] = time.monotonic) -> None:
        self.plan = plan
        self._clock = clock
        self._fits = [list(parts) for parts in plan.fits]
        self._fit = 0
        self._training = 0
        self._step = 0
        self._is_labelled = False
        self._feature_images = 0
        self._of_kind: tuple[str, int] | None = None
        self._has_features = False
        self._seconds = {"features": 0.0, "trainings": 0.0}
        self._work = {"features": 0.0, "trainings": 0.0}
        # To build a network takes long and is no work of the plan.
        self._has_stepped = False
        self._building = 0.0
        self._last = clock(), 0.0

    def begin(self, fit: int) -> None:
        """Go to the beginning of this fold, or of the run itself after the last fold."""
        self._fit, self._training, self._step, self._is_labelled = fit, 0, 0, False
        self._has_stepped = False
        self._restart()

    def end_at(self, meta_iteration: int) -> None:
        """Plan no training of the run itself after this meta-iteration."""
        del self._fits[-1][meta_iteration + 1 :]

    def resume(self, trainings: int) -> None:
        """Go to the end of the first `trainings` trainings of this fold."""
        self._training, self._step, self._is_labelled = trainings, 0, False
        self._has_features = self._has_features or trainings > 0
        self._restart()

    def features(self, kind: str, done: int, n: int) -> None:
        """Note that the features of `done` of `n` images of a kind are computed.

        The first note of a kind says what comes from an earlier run.
        """
        if self._of_kind is None or self._of_kind[0] != kind or done < self._of_kind[1]:
            self._feature_images += done
            self._restart()
        else:
            self._feature_images += done - self._of_kind[1]
            self._measure("features")
        self._of_kind = None if done == n else (kind, done)

    def step(self, done: int, of: int) -> None:
        """Note the gradient steps that the present training has done, of how many."""
        self._has_features = self._is_labelled = True
        self._step = done
        parts = self._fits[self._fit]
        while len(parts) <= self._training:  # more trainings than planned
            parts.append(Part(0.0, of, parts[-1].step if parts else 1.0, 0.0))
        part = parts[self._training]
        if part.steps != of:
            parts[self._training] = replace(part, steps=of, step=part.step or 1.0)
        if self._has_stepped:
            self._measure("trainings")
        else:
            self._has_stepped = True
            self._building = self._clock() - self._last[0]
            self._restart()

    def end_training(self) -> None:
        """Note that the present training is done, and measured."""
        self._has_features = True
        self._training, self._step, self._is_labelled = self._training + 1, 0, False
        self._measure("trainings")

    @property
    def share(self) -> float:
        """The share of the work that is done, from 0 to 1."""
        whole = self._whole()
        return min(self._done() / whole, 1.0) if whole else 0.0

    @property
    def seconds_left(self) -> float | None:
        """How long the rest takes; None while no speed is known."""
        paces = {
            kind: self._work[kind] / seconds
            for kind, seconds in self._seconds.items()
            if seconds >= _SECONDS and self._work[kind] > 0
        }
        if not paces:
            return None
        features = 0.0 if self._has_features else self.plan.features - self._of_features()
        trainings = self._whole() - self._done() - features
        any_pace = next(iter(paces.values()))
        seconds = max(features, 0.0) / paces.get("features", any_pace)
        seconds += max(trainings, 0.0) / paces.get("trainings", any_pace)
        return seconds + self._building * (len(self._fits) - 1 - self._fit)

    @property
    def steps_per_second(self) -> float | None:
        """The speed of the present training; None while it is not known."""
        parts = self._fits[self._fit]
        seconds = self._seconds["trainings"]
        if seconds < _SECONDS or self._training >= len(parts) or not parts[self._training].step:
            return None
        return self._work["trainings"] / seconds / parts[self._training].step

    @property
    def meta_iterations(self) -> int:
        """How many the run itself has."""
        return max(len(self._fits[-1]) - 1, 0)

    def where(self) -> str:
        """Say where the run is, such as "fold 1/3, training 2/9"."""
        number = min(self._training + 1, max(len(self._fits[self._fit]), 1))
        training = f"training {number}/{max(len(self._fits[self._fit]), 1)}"
        folds = len(self._fits) - 1
        return f"fold {self._fit + 1}/{folds}, {training}" if self._fit < folds else training

    def _whole(self) -> float:
        return self.plan.features + sum(part.work for parts in self._fits for part in parts)

    def _done(self) -> float:
        done = self.plan.features if self._has_features else self._of_features()
        done += sum(part.work for parts in self._fits[: self._fit] for part in parts)
        parts = self._fits[self._fit]
        done += sum(part.work for part in parts[: self._training])
        if self._is_labelled and self._training < len(parts):
            part = parts[self._training]
            done += part.labelling + self._step * part.step
        return done

    def _of_features(self) -> float:
        return min(self._feature_images, self.plan.feature_images) * self.plan.feature

    def _restart(self) -> None:
        """Measure from now on: what came before is no measure of the work."""
        self._last = self._clock(), self._done()

    def _measure(self, kind: str) -> None:
        (then, before), now, done = self._last, self._clock(), self._done()
        if done > before:
            self._seconds[kind] += now - then
            self._work[kind] += done - before
            self._last = now, done
