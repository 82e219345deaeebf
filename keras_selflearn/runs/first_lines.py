"""What a run says first: its images, its trainings, its time, and what would make it shorter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from keras_selflearn.console.durations import in_words
from keras_selflearn.options.config import Config
from keras_selflearn.options.training import trains_network
from keras_selflearn.runs.plan import Plan
from keras_selflearn.runs.record import Data

# More classes are not listed.
_MOST_CLASSES = 12
# A shorter run needs no advice.
_SECONDS_FOR_ADVICE = 60


def images_line(title: str, data: Data, skipped: int = 0) -> str:
    """Say how many images are labelled, of which classes, and how many are to label."""
    labelled, rest = data.labelled, data.train - data.labelled
    parts = [f"{labelled:,} labelled images ({_classes(data.labelled_per_class or {})})"]
    parts.append(f"{rest:,} to label")
    if data.test:
        parts.append(f"{data.test:,} test images")
    if skipped:
        parts.append(f"{skipped:,} left out")
    return f"{title}: {', '.join(parts)}."


def _classes(numbers: Mapping[str, int]) -> str:
    if len(numbers) <= _MOST_CLASSES:
        return ", ".join(f"{name} {number}" for name, number in numbers.items())
    least, most = min(numbers.values()), max(numbers.values())
    each = f"{least}" if least == most else f"{least} to {most}"
    return f"{each} in each of {len(numbers)} classes"


def plan_line(plan: Plan) -> str:
    """Say what is computed and trained, and how often."""
    trainings = len(plan.fits[-1])
    parts = []
    if plan.feature_images:
        parts.append(f"features of {plan.feature_images:,} images, once")
    own_steps = sum(part.steps for part in plan.fits[-1])
    what = f"{trainings} training{'s' if trainings > 1 else ''}"
    what += f" of {own_steps:,} gradient steps in all" if own_steps else " of a head"
    if plan.folds:
        what += f", and nearly as much in each of {plan.folds} folds"
    return f"Plan: {'; '.join([*parts, what])}."


def time_line(seconds: float, plan: Plan, config: Config) -> str:
    """Say how long the whole run takes, and what would make it shorter.

    Parameters
    ----------
    seconds : float
        Of the whole run.
    plan : Plan
    config : Config
        Resolved.
    """
    line = f"About {in_words(seconds)} in all on this machine."
    if seconds < _SECONDS_FOR_ADVICE:
        return line
    shorter = []
    if plan.folds:
        without = replace(plan, fits=plan.fits[-1:])
        shorter.append(f"--folds=0 (about {in_words(seconds * without.work / plan.work)})")
    if trains_network(config) and config.weights != "random":
        shorter.append("--preset=quick (a head on features)")
    if trains_network(config) and config.time_limit is None:
        shorter.append(f"--time_limit={_half(seconds)} (fewer gradient steps)")
    return f"{line} Shorter: {', '.join(shorter)}." if shorter else line


def _half(seconds: float) -> str:
    minutes = max(round(seconds / 120), 1)
    return f"{minutes}m"
