"""The folder that a run leaves behind; docs/run-folder.md describes it."""

from __future__ import annotations

import contextlib
import csv
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from keras_selflearn.console.errors import InputError
from keras_selflearn.estimator.classifier import SelfLearningClassifier
from keras_selflearn.runs.embedded_images import EmbeddedImages
from keras_selflearn.runs.embeddings_file import read_embeddings, write_embeddings
from keras_selflearn.runs.record import MetaIteration, RunRecord, read_record, write_record
from keras_selflearn.storage.checkpoint import Checkpoints
from keras_selflearn.storage.csv_files import SKIPPED_COLUMNS, opened_csv, write_csv
from keras_selflearn.storage.files import write_whole
from keras_selflearn.storage.lock import LOCK, is_locked
from keras_selflearn.storage.unfinished import is_unfinished

IMAGES_CSV = "images.csv"
RUN_JSON = "run.json"
# This file keeps room on the disk for the last run.json, which may say that the disk is full.
_ROOM, _ROOM_BYTES = ".room", 2**18
SKIPPED_CSV = "skipped.csv"
DUPLICATES_CSV = "duplicates.csv"
_LABELS = ".labels-{}.json"


class RunFolder:
    """Reads and writes the files of one run.

    Parameters
    ----------
    path : Path
        An existing folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def checkpoints(self) -> Path:
        """The folder of checkpoints, which exists until the run is finished."""
        return self.path / "checkpoints"

    @property
    def classifier(self) -> Path:
        """The folder of the trained classifier."""
        return self.path / "classifier"

    @property
    def folds(self) -> Path:
        """The folder of the folds of cross-validation that are done."""
        return self.path / "folds"

    def labels_of(self, images: str) -> Path:
        """The file of what measured images were labelled with, until the run is finished."""
        return self.path / _LABELS.format(images)

    def _forget_labels(self) -> None:
        for path in self.path.glob(_LABELS.format("*")):
            path.unlink(missing_ok=True)

    def check_there(self) -> None:
        """Raise an `InputError` if the folder was removed while the run went on."""
        if not self.path.is_dir():
            raise InputError(
                f"The folder of the run, {self.path}, was removed while the run went on: start it"
                " again."
            )

    def is_new(self) -> bool:
        """Tell whether the folder holds only a lock and what a run left that was killed at once."""
        return all(
            path.name in (LOCK, _ROOM) or is_unfinished(path, RUN_JSON)
            for path in self.path.iterdir()
        )

    def has_run(self) -> bool:
        """Tell whether there is a run.json."""
        return (self.path / RUN_JSON).exists()

    def has_images(self) -> bool:
        """Tell whether the lists of a user's images are there."""
        return all((self.path / name).exists() for name in (IMAGES_CSV, SKIPPED_CSV))

    def has_progress(self) -> bool:
        """Tell whether a run that was broken off has anything to go on from."""
        kept = (self.checkpoints, self.folds)
        return any(path.is_file() for folder in kept for path in folder.rglob("*"))

    def forget_run(self) -> None:
        """Remove the record of a run that has no progress, so that another can take the folder."""
        self._forget_labels()
        for name in (IMAGES_CSV, SKIPPED_CSV, DUPLICATES_CSV, RUN_JSON):
            (self.path / name).unlink(missing_ok=True)

    def remove_checkpoints(self) -> None:
        """Remove what a finished run needs no more, such as checkpoints, which are large."""
        self._forget_labels()
        for folder in (self.checkpoints, *self.folds.glob("*/")):
            Checkpoints(folder).remove()

    def remove(self) -> None:
        """Remove the folder of a run that could not begin."""
        shutil.rmtree(self.path)

    def read_run(self) -> RunRecord:
        """Read run.json; see `read_record`."""
        return read_record(self.path / RUN_JSON)

    def status(self) -> str:
        """Return one of `STATUSES`, also if the process was killed before it could write it.

        Raises
        ------
        InputError
            As `read_run`.
        """
        status = self.read_run().status
        return "interrupted" if status == "running" and not is_locked(self.path) else status

    def write_run(self, record: RunRecord) -> None:
        """Write run.json."""
        write_record(self.path / RUN_JSON, record)

    def keep_room(self) -> None:
        """Keep room on the disk for the record of the run's end; see `give_room`."""
        # No zeros, which some file systems keep without taking room for them.
        write_whole(self.path / _ROOM, os.urandom(_ROOM_BYTES))

    def give_room(self) -> None:
        """Give the room back, so that run.json can be written on a disk that is full."""
        with contextlib.suppress(OSError):
            (self.path / _ROOM).unlink()

    def write_history(self, history: Sequence[MetaIteration]) -> None:
        """Write history.csv: a row for each meta-iteration, a column for each key that one has."""
        records = [msgspec.to_builtins(each) for each in history]
        columns = [
            name
            for name in MetaIteration.__struct_fields__
            if any(name in record for record in records)
        ]
        rows = ([record.get(name) for name in columns] for record in records)
        write_csv(self.path / "history.csv", columns, rows)

    def write_images(
        self, paths: Sequence[str], labels: Sequence[str], skipped: Sequence[tuple[str, str]]
    ) -> None:
        """Write images.csv and skipped.csv for the images of a user.

        Parameters
        ----------
        paths : sequence of n str
            In the order of the training images.
        labels : sequence of n str
            The given labels; empty for an image without a label.
        skipped : sequence of (path, reason)
        """
        rows = ((i, *row) for i, row in enumerate(zip(paths, labels)))
        write_csv(self.path / IMAGES_CSV, ("index", "path", "label"), rows)
        write_csv(self.path / SKIPPED_CSV, SKIPPED_COLUMNS, skipped)

    def n_skipped(self) -> int:
        """Count the damaged files in skipped.csv; 0 where there is none."""
        path = self.path / SKIPPED_CSV
        if not path.exists():
            return 0
        with opened_csv(path) as lines:
            return sum(1 for _ in csv.DictReader(lines))

    def write_pseudo_labels(
        self, classifier: SelfLearningClassifier, paths: Sequence[str] | None
    ) -> None:
        """Write pseudo_labels.csv by meta-iteration, the highest confidence first.

        Parameters
        ----------
        classifier : SelfLearningClassifier
            Fitted.
        paths : sequence of n str or None
            Paths of the training images of a user.
        """
        is_revised = classifier.fitted_parameters_["pseudo_labels"] == "revised"
        labels, labelled_in = classifier.transduction_, classifier.labeled_iter_
        confidence, nearest = classifier.confidence_, classifier.matched_
        order = np.lexsort((np.arange(len(labels)), -confidence, labelled_in))
        columns = ["index", "label", "confidence", "meta_iteration", "matched"]
        if is_revised:
            columns.append("flips")
        if paths is not None:
            columns.append("path")
        rows = (
            [
                i,
                labels[i],
                float(confidence[i]),
                labelled_in[i],
                nearest[i] if nearest[i] >= 0 else None,
                *([classifier.flips_[i]] if is_revised else []),
                *([] if paths is None else [paths[i]]),
            ]
            for i in order[labelled_in[order] > 0]
        )
        write_csv(self.path / "pseudo_labels.csv", columns, rows)

    def write_embeddings(self, when: str, embeddings: np.ndarray, images: EmbeddedImages) -> None:
        """Write embeddings-`when`.npz, `initial` or `final`; see `write_embeddings`."""
        write_embeddings(self.path / f"embeddings-{when}.npz", embeddings, images)

    def read_embeddings(self, when: str) -> tuple[np.ndarray, np.ndarray] | None:
        """Read embeddings-`when`.npz, `initial` or `final`; see `read_embeddings`."""
        return read_embeddings(self.path / f"embeddings-{when}.npz")

    def write_profile(self, table: str) -> None:
        """Write profile.txt, the time of each stage."""
        write_whole(self.path / "profile.txt", table + "\n")

    def write_classifier(self, classifier: SelfLearningClassifier) -> None:
        """Save the fitted classifier in place of an earlier one."""
        if self.classifier.exists():
            shutil.rmtree(self.classifier)
        classifier.save(self.classifier)
