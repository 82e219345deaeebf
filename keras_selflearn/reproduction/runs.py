"""Runs on disk: which are finished, and which cell each fills."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from keras_selflearn.console.errors import InputError
from keras_selflearn.options.config import Config
from keras_selflearn.runs.embeddings_file import read_embeddings
from keras_selflearn.runs.record import read_config
from keras_selflearn.storage.json_files import read_json


@dataclass(frozen=True)
class Run:
    """A finished run.

    Attributes
    ----------
    path : Path
    record : dict
        Its run.json.
    config : Config
    """

    path: Path
    record: dict[str, Any]
    config: Config

    @property
    def test_accuracy(self) -> dict[str, float]:
        """In percent, by the name of the table's cell."""
        return self.record["test_accuracy"]

    @property
    def self_learns(self) -> bool:
        """Whether it is one of self-learning."""
        return self.config.regime == "self-learning"

    @property
    def accuracies(self) -> dict[int, float]:
        """Test accuracy in percent after each meta-iteration in which it was measured."""
        return {
            record["meta_iteration"]: record["validation_accuracy"]
            for record in self.record["history"]
            if record["validation_accuracy"] is not None
        }

    def embeddings(self, when: str) -> tuple[np.ndarray, np.ndarray] | None:
        """(n, d) float16 and labels (n,) of the test images, `initial` or `final`; None: gone.

        Raises
        ------
        InputError
            When the file is damaged.
        """
        return read_embeddings(self.path / f"embeddings-{when}.npz")


def finished_runs(folder: Path) -> list[Run]:
    """The finished runs in `folder`, in the order of their names; none where it is not there.

    Raises
    ------
    InputError
        When a run's record can't be read.
    """
    runs = []
    for path in sorted(folder.glob("*/run.json")):
        try:
            record = read_json(path)
            if record["status"] == "finished":
                runs.append(Run(path.parent, record, read_config(record).resolve()))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"The record of a run, {path}, can't be read ({error}): mend it or remove its"
                " folder."
            ) from error
    return runs


def identity(config: Config, *, with_seed: bool = True) -> tuple:
    """What two resolved configurations share when they ask for the same cell."""
    decisive = config.identity()
    if not with_seed:
        del decisive["seed"]
    return tuple(decisive.items())


def is_pretrained(config: Config) -> bool:
    """Whether the initial weights are any but random ones."""
    return config.weights != "random"


def check_same_weights(runs: Iterable[Run], folder: Path) -> None:
    """Raise an `InputError` when pretrained runs start from files that differ in their content."""
    digests = {run.record["weights_sha256"] for run in runs if is_pretrained(run.config)}
    if len(digests) > 1:
        names = sorted(digest[:16] if digest else "those of Keras" for digest in digests)
        raise InputError(
            f"Runs in {folder} start from different pretrained weights (sha256:"
            f" {', '.join(names)}): keep those of one kind there."
        )


def by_identity(runs: Iterable[Run]) -> dict[tuple, Run]:
    """The first run of each identity, seed included."""
    found: dict[tuple, Run] = {}
    for run in runs:
        found.setdefault(identity(run.config), run)
    return found
