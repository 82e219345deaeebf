"""The folder that a run leaves behind; docs/run-folder.md describes it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from keras_selflearn.console.errors import InputError
from keras_selflearn.estimator.classifier import SelfLearningClassifier
from keras_selflearn.runs.curve import Curve, draw_curves
from keras_selflearn.runs.embedded_images import Shown
from keras_selflearn.runs.embeddings_file import read_embeddings, write_embeddings
from keras_selflearn.runs.page.contents import Contents
from keras_selflearn.runs.page.page import write_page
from keras_selflearn.runs.page.summary import accuracies
from keras_selflearn.selflearning.record import Record
from keras_selflearn.storage.csv_files import SKIPPED_COLUMNS, write_csv
from keras_selflearn.storage.files import write_whole
from keras_selflearn.storage.json_files import read_json
from keras_selflearn.storage.lock import LOCK, is_locked

IMAGES_CSV = "images.csv"
STATUSES = ("running", "interrupted", "failed", "finished")


class RunFolder:
    """Writes the files of one run.

    Parameters
    ----------
    path : Path
        The folder, which is there.
    """

    def __init__(self, path: Path):
        self.path = path

    @property
    def checkpoints(self) -> Path:
        """The folder of the run's checkpoints, there until the run is finished."""
        return self.path / "checkpoints"

    @property
    def classifier(self) -> Path:
        """The folder of the classifier that the run trained."""
        return self.path / "classifier"

    @property
    def folds(self) -> Path:
        """The folder of what cross-validation has found so far."""
        return self.path / "folds"

    def is_new(self) -> bool:
        """Whether nothing is in it but a lock, or what a run that was killed at once left."""
        return all(path.name in (LOCK, ".run.json.unfinished") for path in self.path.iterdir())

    def has_run(self) -> bool:
        """Whether there is a run.json."""
        return (self.path / "run.json").exists()

    def remove(self) -> None:
        """Remove the folder of a run that came to nothing."""
        shutil.rmtree(self.path)

    def read_run(self) -> dict[str, Any]:
        """The contents of run.json.

        Raises
        ------
        InputError
            When it is missing, damaged, or no record of a run.
        """
        path = self.path / "run.json"
        try:
            run = read_json(path)
        except (OSError, ValueError) as error:
            raise InputError(f"The record of a run, {path}, can't be read: {error}.") from error
        sections = ("config", "environment", "data")
        if not (
            isinstance(run, dict)
            and run.get("status") in STATUSES
            and all(isinstance(run.get(name), dict) for name in sections)
            and isinstance(run.get("history"), list)
        ):
            raise InputError(f"{path} is no record of a run.")
        return run

    def status(self) -> str:
        """One of `STATUSES`, true also of a run whose process was killed before it could write.

        Raises
        ------
        InputError
            As `read_run`.
        """
        status = self.read_run()["status"]
        return "interrupted" if status == "running" and not is_locked(self.path) else status

    def write_run(self, run: dict[str, Any]) -> None:
        """Write run.json."""
        write_whole(self.path / "run.json", json.dumps(run, indent=2, allow_nan=False) + "\n")

    def write_history(self, history: list[dict[str, Any]]) -> None:
        """Write history.csv, a row a meta-iteration."""
        columns = [each.name for each in fields(Record)]
        rows = ([row[name] for name in columns] for row in history)
        write_csv(self.path / "history.csv", columns, rows)

    def write_images(
        self, paths: Sequence[str], labels: Sequence[str], skipped: Sequence[tuple[str, str]]
    ) -> None:
        """Write images.csv and skipped.csv of a user's own images.

        Parameters
        ----------
        paths : sequence of n str
            In the order of the training images.
        labels : sequence of n str
            Those given; empty where there is none.
        skipped : sequence of (path, reason)
        """
        rows = ((i, *row) for i, row in enumerate(zip(paths, labels)))
        write_csv(self.path / IMAGES_CSV, ("index", "path", "label"), rows)
        write_csv(self.path / "skipped.csv", SKIPPED_COLUMNS, skipped)

    def write_pseudo_labels(
        self, classifier: SelfLearningClassifier, paths: Sequence[str] | None
    ) -> None:
        """Write pseudo_labels.csv, in the order in which they were chosen, the surest first.

        Parameters
        ----------
        classifier : SelfLearningClassifier
            Fitted.
        paths : sequence of n str or None
            Of a user's own images.
        """
        labels, labelled_in = classifier.transduction_, classifier.labeled_iter_
        confidence, matched = classifier.confidence_, classifier.matched_
        order = np.lexsort((np.arange(len(labels)), -confidence, labelled_in))
        columns = ["index", "label", "confidence", "meta_iteration", "matched"]
        if paths is not None:
            columns.append("path")
        rows = (
            [
                i,
                labels[i],
                float(confidence[i]),
                labelled_in[i],
                matched[i] if matched[i] >= 0 else None,
                *([] if paths is None else [paths[i]]),
            ]
            for i in order[labelled_in[order] > 0]
        )
        write_csv(self.path / "pseudo_labels.csv", columns, rows)

    def write_embeddings(self, when: str, embeddings: np.ndarray, shown: Shown) -> None:
        """Write embeddings-`when`.npz, for figure 4.

        Parameters
        ----------
        when : "initial" or "final"
            After the first training or at the end of the run.
        embeddings : (n, d) floats
            Stored as float16: enough for a picture, at half the size.
        shown : Shown
            What they are of.
        """
        write_embeddings(self.path / f"embeddings-{when}.npz", embeddings, shown)

    def read_embeddings(self, when: str) -> tuple[np.ndarray, np.ndarray] | None:
        """(n, d) float16 and labels (n,), `initial` or `final`; see `read_embeddings`."""
        return read_embeddings(self.path / f"embeddings-{when}.npz")

    def write_page(self, contents: Contents) -> None:
        """Write report.html, the page to look at."""
        write_page(self.path / "report.html", contents)

    def write_profile(self, table: str) -> None:
        """Write profile.txt, where the time went."""
        write_whole(self.path / "profile.txt", table + "\n")

    def write_classifier(self, classifier: SelfLearningClassifier) -> None:
        """Save the fitted classifier in classifier/, in place of that of an earlier try."""
        if self.classifier.exists():
            shutil.rmtree(self.classifier)
        classifier.save(self.classifier)

    def write_curve(self, run: dict[str, Any]) -> None:
        """Draw the accuracy over the meta-iterations to curve.png: of test images, else estimated.

        Where there is neither, there is no picture.
        """
        values, estimated = accuracies(run)
        if all(value is None for value in values):
            return
        config = run["config"]
        title = f"{config['dataset']}, {run['data']['labelled']} labels"
        if estimated:
            folds = run["cross_validation"]["folds"]
            title += f", estimated by cross-validation ({folds} folds)"
        curve = Curve(f"{config['loss']}, {Path(config['weights']).name} weights", values)
        draw_curves([curve], title, self.path / "curve.png")
