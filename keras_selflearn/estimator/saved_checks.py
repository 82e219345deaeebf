"""Check that what a saved classifier holds belongs together, before memory is taken for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_selflearn.estimator.fitted import has_embedding_layer
from keras_selflearn.labelling.calibration import Calibration
from keras_selflearn.labelling.labeller import Labeller
from keras_selflearn.losses import loss_names
from keras_selflearn.losses.objective import Objective
from keras_selflearn.network.side_by_side import n_features_of_all

WEIGHTS = "model.weights.h5"


def check_labels(known: Mapping[str, Any]) -> None:
    """Raise a `ValueError` unless classes and labels belong together."""
    classes, labels = known["classes"], known["labels"]
    labelled_in, confidence, nearest, flips = (
        known[name] for name in ("labelled_in", "confidence", "nearest", "flips")
    )
    if classes.ndim != 1 or len(classes) < 2 or not (classes[:-1] < classes[1:]).all():
        raise ValueError("its classes are not two or more in order")
    if not (
        labels.ndim == 1
        and labels.dtype.kind == classes.dtype.kind
        and labelled_in.shape == confidence.shape == nearest.shape == flips.shape == labels.shape
        and labelled_in.dtype == nearest.dtype == flips.dtype == np.int64
        and (flips >= 0).all()
        and np.isin(nearest, np.arange(-1, len(labels))).all()
        and confidence.dtype == np.float64
        and not np.isinf(confidence).any()
        and np.isin(labels[labelled_in >= 0], classes).all()
    ):
        raise ValueError("its labels do not fit its classes")


def check_object_labels(setting: Any) -> None:
    """Raise a `ValueError` for a setting of labels of dtype object that was never written."""
    if setting is not None and setting not in ({"unlabelled": -1}, {"unlabelled": "-1"}):
        raise ValueError("its labels of dtype object are marked with neither -1 nor '-1'")


def check_reference(known: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
    """Raise a `ValueError` unless the labeller's reference is of labelled images."""
    reference = known["reference"]
    if not (
        reference.shape == arrays["reference_labels"].shape
        and reference.dtype == np.int64
        and np.isin(reference, np.flatnonzero(known["labelled_in"] >= 0)).all()
    ):
        raise ValueError("its reference does not fit its classes and embedding_size")


def check_size(
    parameters: Mapping[str, Any], objective: Objective, n_classes: int, n_bytes: int
) -> None:
    """Raise a `ValueError` when the weights file is too small for the network."""
    weights = 0
    if has_embedding_layer(parameters, objective):
        weights = (n_features_of_all(parameters["backbone"]) + 1) * parameters["embedding_size"]
    losses = getattr(objective, "losses", (objective,))
    for loss in losses:
        if loss.name in loss_names() and loss.head(n_classes) is not None:
            weights += embedding_size(parameters, objective) * n_classes
    if weights * np.dtype(np.float32).itemsize > n_bytes:
        raise ValueError(f"{WEIGHTS} is too small for its embedding_size and classes")


def embedding_size(parameters: Mapping[str, Any], objective: Objective) -> int:
    """The dimensions of the embedding; without a layer that gives it, the features are it."""
    if has_embedding_layer(parameters, objective):
        return parameters["embedding_size"]
    return n_features_of_all(parameters["backbone"])


def calibration_of(setting: Any, labeller: type[Labeller]) -> Calibration | None:
    """Return the saved calibration; a `ValueError` unless it is one of the labeller's."""
    if setting is None:
        return None
    slope, intercept, unit = (setting[name] for name in ("slope", "intercept", "unit"))
    numbers_are_finite = all(
        type(x) in (int, float) and abs(x) < np.inf for x in (slope, intercept)
    )
    if not (numbers_are_finite and slope >= 0 and unit == labeller.confidence_unit):
        raise ValueError("its calibration is none of its labeller")
    return Calibration(float(slope), float(intercept), unit)
