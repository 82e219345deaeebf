"""Runs on disk: which are finished, and which cell each fills."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from keras_selflearn.console.errors import InputError
from keras_selflearn.options.config import Config
from keras_selflearn.runs.embeddings_file import read_embeddings
from keras_selflearn.runs.folder import RUN_JSON
from keras_selflearn.runs.record import RunRecord, read_record


@dataclass(frozen=True)
class Run:
    """A finished run.

    Attributes
    ----------
    path : Path
        Its folder.
    record : RunRecord
    config : Config
        Resolved.
    """

    path: Path
    record: RunRecord
    config: Config

    @property
    def test_accuracy(self) -> dict[str, float]:
        """Test accuracy in percent, by the name of the table's cell."""
        return self.record.test_accuracy

    @property
    def self_learns(self) -> bool:
        """Whether its regime is self-learning."""
        return self.config.regime == "self-learning"

    @property
    def accuracies(self) -> dict[int, float]:
        """Test accuracy in percent after each meta-iteration in which it was measured."""
        return {
            number: accuracy
            for number, accuracy in enumerate(self.record.accuracies)
            if accuracy is not None
        }

    def embeddings(self, when: str) -> tuple[np.ndarray, np.ndarray] | None:
        """Read the `initial` or `final` embeddings (n, d) and labels (n,); None without a file.

        Raises
        ------
        InputError
            When the file is damaged.
        """
        return read_embeddings(self.path / f"embeddings-{when}.npz")


def finished_runs(folder: Path) -> list[Run]:
    """Read the finished runs in `folder`, in the order of their names.

    A folder that doesn't exist has none.

    Raises
    ------
    InputError
        When a run's record can't be read.
    """
    runs = []
    for path in sorted(folder.glob(f"*/{RUN_JSON}")):
        record = read_record(path)
        if record.status == "finished":
            try:
                config = record.config.resolve()
            except ValueError as error:
                raise InputError(
                    f"The record of a run, {path}, can't be read: {error} Mend it or remove its"
                    " folder."
                ) from error
            runs.append(Run(path.parent, record, config))
    return runs


def identity(
    config: Config, *, with_seed: bool = True, backbone_sha256: str | None = None
) -> tuple:
    """What two resolved configurations of the same cell have in common."""
    decisive = config.identity(backbone_sha256)
    if not with_seed:
        del decisive["seed"]
    return tuple(decisive.items())


def is_pretrained(config: Config) -> bool:
    """Tell whether the initial weights are other than random ones."""
    return config.weights != "random"


def check_same_weights(runs: Iterable[Run], folder: Path) -> None:
    """Raise an `InputError` if pretrained runs start from files with different contents."""
    digests = {run.record.weights_sha256 for run in runs if is_pretrained(run.config)}
    if len(digests) > 1:
        names = sorted(digest[:16] if digest else "those of Keras" for digest in digests)
        raise InputError(
            f"Runs in {folder} start from different pretrained weights (sha256:"
            f" {', '.join(names)}): keep the runs of one file there."
        )


def by_identity(runs: Iterable[Run]) -> dict[tuple, Run]:
    """Map each identity, which includes the seed, to its first run."""
    found: dict[tuple, Run] = {}
    for run in runs:
        found.setdefault(identity(run.config, backbone_sha256=run.record.backbone_sha256), run)
    return found
