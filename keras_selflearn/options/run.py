"""The seed of a run, its checkpoints, and where its results go."""

from __future__ import annotations

from dataclasses import dataclass

from keras_selflearn.console.durations import parse_duration
from keras_selflearn.console.option import Options, option


@dataclass(frozen=True)
class SeedOptions(Options):
    """What makes a run repeatable."""

    GROUP = "devices"

    seed: int = option(
        0,
        "Seed of the labelled choice, the weights, the order and the augmentation.",
        least=0,
        most=2**32 - 1,
    )
    deterministic: bool = option(
        False, "Compute the same numbers each time on the same machine, which is slower."
    )


@dataclass(frozen=True)
class OutputOptions(Options):
    """The folder of results, and what else is written."""

    GROUP = "output"

    results_dir: str = option(
        "results", "Folder in which each run makes its own folder.", place=True
    )
    checkpoint_minutes: float = option(
        5.0, "Time between two checkpoints in a training.", above=0, unit="minutes", place=True
    )
    time_limit: str | None = option(
        None,
        "Longest time of the whole run, such as 20m: fewer folds, steps and meta-iterations.",
        check=parse_duration,
        without="no limit",
        place=True,
    )
    profile: bool = option(False, "Print how long each stage takes.", place=True)
