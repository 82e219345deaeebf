"""Keep the labels of the test images from before and after self-learning on the disk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from keras_selflearn.estimator.learners import AnyLearner
from keras_selflearn.runs.record import Measured, convert
from keras_selflearn.selflearning.record import Record
from keras_selflearn.selflearning.verdict import Changes
from keras_selflearn.storage.files import write_whole
from keras_selflearn.storage.json_files import read_json

_BEFORE, _AFTER = "before", "after"


class BeforeAndAfter(tf.keras.callbacks.Callback):
    """Keeps the labels that the test images had after the first training and have now.

    If a fold is held out, its images are the test images. The labels are in a file, because a run
    may be stopped between the two, and another process then goes on with it.

    Parameters
    ----------
    path : Path
        JSON, which `forget` removes.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def on_meta_iteration_end(self, record: Record, learner: AnyLearner) -> None:
        """Keep the labels if they were measured."""
        labels = learner.test_predictions
        if record.test_accuracy is None or labels is None:
            return
        kept = self._read() if record.meta_iteration else {}
        kept[_AFTER if record.meta_iteration else _BEFORE] = {
            "labels": labels.labels.tolist(),
            "confidence": labels.confidence.tolist(),
        }
        write_whole(self._path, json.dumps(kept) + "\n")

    def changes(self, labels: np.ndarray) -> Changes | None:
        """Compare the labels before and after; None without self-learning.

        Parameters
        ----------
        labels : (k,) integers
            The true labels of the test images, from 0 to n_classes - 1, or negative.
        """
        measured = self.measured(len(labels))
        if len(measured) < 2:
            return None
        before, after = (np.array(measured[name].labels) for name in (_BEFORE, _AFTER))
        return Changes.between(before, after, labels)

    def measured(self, number: int) -> dict[str, Measured]:
        """Return what so many test images were labelled with, `before` and `after`.

        What was not measured is missing.
        """
        kept = self._read()
        found = {}
        for name in (_BEFORE, _AFTER):
            try:
                each = convert(kept[name], Measured)
            except (KeyError, ValueError):
                continue
            if len(each.labels) == len(each.confidence) == number:
                found[name] = each
        return found

    def forget(self) -> None:
        """Remove the file."""
        self._path.unlink(missing_ok=True)

    def _read(self) -> dict[str, Any]:
        try:
            kept = read_json(self._path)
        except (OSError, ValueError):
            return {}
        return kept if isinstance(kept, dict) else {}
