"""Keeps the record of a run true on the disk, from its start to its end, however it ends."""

from __future__ import annotations

import contextlib
import os
import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import tensorflow as tf

from keras_selflearn.console.errors import InputError
from keras_selflearn.console.profiling import Profile, stage
from keras_selflearn.console.signals import Stopped
from keras_selflearn.datasets import Dataset
from keras_selflearn.estimator.classifier import SelfLearningClassifier
from keras_selflearn.estimator.learners import AnyLearner
from keras_selflearn.network.embedding import embed
from keras_selflearn.runs.embedded_images import EmbeddedImages
from keras_selflearn.runs.folder import RunFolder
from keras_selflearn.runs.image_labels import ImageLabels
from keras_selflearn.runs.labels_csv import LABELS_CSV, write_labels
from keras_selflearn.runs.record import (
    Estimate,
    MetaIteration,
    Process,
    RunRecord,
    VerdictRecord,
)
from keras_selflearn.runs.similar_images import SIMILAR, write_similar
from keras_selflearn.selflearning.cross_validation import CrossValidation
from keras_selflearn.selflearning.record import Record
from keras_selflearn.selflearning.trust import UntrustworthyError, needs_other_parameters
from keras_selflearn.selflearning.verdict import Verdict

# What a resumed run keeps of its earlier record.
_KEPT = """processes cross_validation verdict history meta_iteration_seconds seconds""".split()


class Recorder(tf.keras.callbacks.Callback):
    """Writes run.json and the files beside it, so that a look at them shows how far the run is.

    Parameters
    ----------
    folder : RunFolder
        Locked by this process.
    record : RunRecord
        The record of the run before it begins.
    images : EmbeddedImages
        The images whose embeddings are kept.
    profile : Profile
    start : float
        When this process began to work on the run, by the monotonic clock.
    """

    def __init__(
        self,
        folder: RunFolder,
        record: RunRecord,
        images: EmbeddedImages,
        profile: Profile,
        start: float,
    ) -> None:
        super().__init__()
        self._folder = folder
        self._record = record
        self._images = images
        self._profile = profile
        self._was_there = folder.has_run()
        if self._was_there:
            earlier = folder.read_run()
            for name in _KEPT:
                setattr(record, name, getattr(earlier, name))
        record.processes.append(_this_process())
        self._start = start - record.seconds
        self._embeddings: np.ndarray | None = None
        self._learner: AnyLearner | None = None
        folder.keep_room()
        self._write()

    def estimate(self, found: CrossValidation, verdict: Verdict | None) -> None:
        """Add the result of cross-validation, and whether self-learning helped."""
        if verdict is not None:
            self._record.verdict = VerdictRecord(**asdict(verdict))
        self._record.cross_validation = Estimate(
            folds=found.folds, accuracy=[*found.accuracy], spread=[*found.spread]
        )
        self._write()

    def on_resume(self, history: Sequence[Mapping[str, Any]]) -> None:
        """Go back to the history of the checkpoint, which may be older than the record."""
        self._record.history = [MetaIteration.of(each) for each in history]
        del self._record.meta_iteration_seconds[len(history) :]
        self._write()

    def on_meta_iteration_end(self, record: Record, learner: AnyLearner) -> None:
        """Add a meta-iteration; after the first training, also keep the embeddings."""
        with stage("write"):
            self._learner = learner
            if self._images.of == "test":
                self._embeddings = learner.test_embeddings
            if record.meta_iteration == 0:
                embeddings = self._embeddings
                if embeddings is None:
                    embeddings = learner.embed(self._images.indices)
                self._folder.write_embeddings("initial", embeddings, self._images)
            seconds = self._record.meta_iteration_seconds
            seconds.append(time.monotonic() - self._start - sum(seconds))
            self._record.history.append(MetaIteration.of(record.figures()))
            self._write()
            self._folder.write_history(self._record.history)
        self._profile.next_lap()

    def finish(
        self,
        classifier: SelfLearningClassifier,
        dataset: Dataset,
        labels: ImageLabels,
        verdict: Verdict | None = None,
    ) -> np.ndarray:
        """Write what was learned, then mark the run as finished; return the final embeddings.

        `labels` are those of the training images, and `verdict` is that of the test images.
        """
        with stage("write"):
            folder = self._folder
            if self._embeddings is None and self._learner is not None:
                self._embeddings = self._learner.embed(self._images.indices)
            elif self._embeddings is None:  # All was done before this process began.
                self._embeddings = embed(
                    classifier.network_, self._images.images, self._images.indices
                )
            folder.write_history(self._record.history)
            folder.write_pseudo_labels(classifier, dataset.paths)
            write_labels(folder.path / LABELS_CSV, labels, classifier.classes_, dataset.paths)
            if dataset.paths is not None and labels.similar is not None:
                write_similar(folder.path / SIMILAR, labels.similar)
            folder.write_embeddings("final", self._embeddings, self._images)
            folder.check_there()
            folder.write_classifier(classifier)
            self._record.termination = classifier.termination_condition_
            if verdict is not None:
                self._record.test_verdict = VerdictRecord(**asdict(verdict))
            self._record.status = "finished"
            self._write()
            folder.give_room()
        return self._embeddings

    def fail(self, error: BaseException) -> None:
        """Record why the run ended; remove the folder of a run that could not begin."""
        if not self._folder.path.is_dir():
            return
        could_not_begin = isinstance(error, InputError) and not isinstance(
            error, UntrustworthyError
        )
        kept = (self._folder.checkpoints, self._folder.folds)
        nothing_done = not self._record.history and not any(path.exists() for path in kept)
        if could_not_begin and not self._was_there and nothing_done:
            self._folder.remove()
            return
        stopped = isinstance(error, KeyboardInterrupt)
        self._record.status = "interrupted" if stopped else "failed"
        self._record.cause = str(error) or type(error).__name__
        self._record.needs_other_flags = needs_other_parameters(error)
        if isinstance(error, Stopped):
            error.kept = str(self._folder.path)
        self._folder.give_room()
        with contextlib.suppress(InputError):
            self._write()

    def _write(self) -> None:
        self._folder.check_there()
        self._record.seconds = time.monotonic() - self._start
        self._record.measure()
        self._folder.write_run(self._record)


def _this_process() -> Process:
    since = time.strftime("%Y-%m-%d %H:%M:%S %z")
    return Process(pid=os.getpid(), host=platform.node(), since=since)
