"""Labels of dtype object in a saved classifier, which has numbers and strings alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from keras_selflearn.estimator.fitted import Fitted
from keras_selflearn.estimator.label_codes import decode, encode, mark_of, plain
from keras_selflearn.selflearning.examples import UNLABELLED


def without_objects(fitted: Fitted) -> tuple[Fitted, dict[str, Any]]:
    """Labels of dtype object as numbers or strings, and the setting that makes them objects again.

    An array of objects could be read by pickle alone.
    """
    if fitted.classes.dtype != object:
        return fitted, {}
    classes = plain(fitted.classes)
    positions = np.where(fitted.labelled_in >= 0, encode(fitted.labels, classes), UNLABELLED)
    without = replace(fitted, classes=classes, labels=decode(positions, classes, classes))
    return without, {"object_labels": {"unlabelled": mark_of(fitted.labels)}}


def with_objects(fitted: Fitted, setting: Any) -> Fitted:
    """Undo `without_objects`."""
    if setting is None:
        return fitted
    labels = fitted.labels.astype(object)
    labels[fitted.labelled_in < 0] = setting["unlabelled"]
    return replace(fitted, classes=fitted.classes.astype(object), labels=labels)
