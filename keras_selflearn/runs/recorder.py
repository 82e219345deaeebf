"""A run's record on disk, kept true from the start of the run to its end, whatever the end."""

from __future__ import annotations

import contextlib
import os
import platform
import time
from dataclasses import asdict
from typing import Any

import numpy as np
import tensorflow as tf

from keras_selflearn.console.errors import InputError
from keras_selflearn.console.profiling import Profile, stage
from keras_selflearn.console.signals import Stopped
from keras_selflearn.datasets import Dataset
from keras_selflearn.estimator.classifier import SelfLearningClassifier
from keras_selflearn.network.embedding import embed
from keras_selflearn.runs.embedded_images import Shown
from keras_selflearn.runs.folder import RunFolder
from keras_selflearn.runs.page.contents import Embedded
from keras_selflearn.runs.page.gather import gather
from keras_selflearn.selflearning.cross_validation import CrossValidation
from keras_selflearn.selflearning.record import Record
from keras_selflearn.selflearning.trust import UntrustworthyError
from keras_selflearn.training.learner import KerasLearner

# Of a run that is gone on with: what it has done so far.
_KEPT = (
    "processes",
    "cross_validation",
    "history",
    "test_accuracy",
    "meta_iteration_seconds",
    "seconds",
)


class RunRecord(tf.keras.callbacks.Callback):
    """Writes run.json and what belongs to it, so that a look at it tells how far the run is.

    Parameters
    ----------
    folder : RunFolder
        Held by this process.
    run : dict
        What run.json says of the run before it begins.
    shown : Shown
        Whose embeddings to keep.
    profile : Profile
    start : float
        Of this process's part of the run, on the monotonic clock.
    """

    def __init__(
        self,
        folder: RunFolder,
        run: dict[str, Any],
        shown: Shown,
        profile: Profile,
        start: float,
    ):
        super().__init__()
        self._folder = folder
        self._shown = shown
        self._profile = profile
        self._was_there = folder.has_run()
        before = folder.read_run() if self._was_there else {}
        nothing = {"processes": [], "cross_validation": None, "history": [], "test_accuracy": {}}
        nothing.update(meta_iteration_seconds=[], seconds=0.0)
        kept = {name: before.get(name, nothing[name]) for name in _KEPT}
        self._run = {"status": "running", "cause": None, "termination": None, **run, **kept}
        self._run["processes"].append(_this_process())
        self._start = start - self._run["seconds"]
        self._embeddings: np.ndarray | None = None
        folder.write_run(self._run)

    def estimate(self, found: CrossValidation) -> None:
        """Add what cross-validation found."""
        self._run["cross_validation"] = asdict(found)
        self._write()

    def on_resume(self, history: list[dict[str, Any]]) -> None:
        """Go back to the checkpoint's history: a process may end before it writes one."""
        self._run["history"] = list(history)
        del self._run["meta_iteration_seconds"][len(history) :]
        self._write()

    def on_meta_iteration_end(self, record: Record, learner: KerasLearner) -> None:
        """Add the record, and write the test images' embeddings of the first."""
        with stage("write"):
            if self._shown.of == "test":
                self._embeddings = learner.test_embeddings
            if record.meta_iteration == 0:
                embeddings = self._embeddings
                if embeddings is None:
                    embeddings = embed(learner.network, self._shown.images, self._shown.indices)
                self._folder.write_embeddings("initial", embeddings, self._shown)
            done = sum(self._run["meta_iteration_seconds"])
            self._run["meta_iteration_seconds"].append(time.monotonic() - self._start - done)
            self._run["history"].append(asdict(record))
            self._write()
            self._folder.write_history(self._run["history"])
        self._profile.next_lap()

    def finish(self, classifier: SelfLearningClassifier, dataset: Dataset) -> None:
        """Write all that is known at the end only."""
        with stage("write"):
            folder = self._folder
            if self._embeddings is None:
                self._embeddings = embed(
                    classifier.network_, self._shown.images, self._shown.indices
                )
            folder.write_history(self._run["history"])
            folder.write_pseudo_labels(classifier, dataset.paths)
            folder.write_embeddings("final", self._embeddings, self._shown)
            folder.write_classifier(classifier)
            folder.write_curve(self._run)
            self._run["termination"] = classifier.termination_condition_
            page = gather(classifier, dataset, self._run, self._embedded())
            folder.write_page(page)
            self._run["status"] = "finished"
            self._write()

    def _embedded(self) -> Embedded:
        """Before and after; a run that was trained by another process kept the former."""
        kept = self._folder.read_embeddings("initial")
        before = self._embeddings if kept is None else kept[0]
        return Embedded(before, self._embeddings, self._shown.of, self._shown.indices)

    def broken_off(self, error: BaseException) -> None:
        """Say why in run.json; remove the folder of what could not even begin."""
        could_not_begin = isinstance(error, InputError) and not isinstance(
            error, UntrustworthyError
        )
        kept = (self._folder.checkpoints, self._folder.folds)
        nothing_done = not self._run["history"] and not any(path.exists() for path in kept)
        if could_not_begin and not self._was_there and nothing_done:
            self._folder.remove()
            return
        stopped = isinstance(error, KeyboardInterrupt)
        self._run["status"] = "interrupted" if stopped else "failed"
        self._run["cause"] = str(error) or type(error).__name__
        if isinstance(error, Stopped):
            error.kept = str(self._folder.path)
        with contextlib.suppress(InputError):  # A full disk may be the cause.
            self._write()

    def _write(self) -> None:
        self._run["seconds"] = time.monotonic() - self._start
        self._run["test_accuracy"] = table_cells(
            self._run["config"]["regime"], self._run["history"]
        )
        self._folder.write_run(self._run)


def table_cells(regime: str, history: list[dict[str, Any]]) -> dict[str, float]:
    """The cells of a table that a history fills, in percent: one run of self-learning, two."""
    if not history or history[0]["validation_accuracy"] is None:
        return {}
    first, last = (history[i]["validation_accuracy"] for i in (0, -1))
    if regime == "all-labelled":
        return {"all_labelled": last}
    if regime == "n-labelled":
        return {"n_labelled": last}
    return {"n_labelled": first, "self_learning": last}


def _this_process() -> dict[str, Any]:
    since = time.strftime("%Y-%m-%d %H:%M:%S %z")
    return {"pid": os.getpid(), "host": platform.node(), "since": since}
