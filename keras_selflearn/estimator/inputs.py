"""Check the images and labels that a user gives the estimator."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from keras_selflearn.console.errors import InputError, InputWarning
from keras_selflearn.estimator.label_codes import is_unlabelled, match
from keras_selflearn.losses.objective import Objective
from keras_selflearn.network.image_shape import check_image_shape, is_channels_first
from keras_selflearn.network.side_by_side import Backbones
from keras_selflearn.selflearning.examples import UNLABELLED


def check_images(
    images: np.ndarray,
    name: str,
    *,
    backbone: Backbones = "vgg16",
    image_size: int | None = None,
    like: tuple[int, ...] | None = None,
) -> None:
    """Raise an `InputError` unless these are images (n, height, width, channels) uint8.

    Parameters
    ----------
    images : object
    name : str
        What the message calls them.
    backbone, image_size : str, Model or path, or several; int or None
        The networks that take them, and the size to which they resize them.
    like : (height, width, channels), optional
        The shape that each image must have, because the network takes no other.
    """
    if not isinstance(images, np.ndarray):
        raise InputError(f"{name} is a {type(images).__name__}: give a NumPy array or memory map.")
    if images.ndim != 4:
        raise InputError(
            f"{name} has shape {images.shape}: give images as (n, height, width, channels)."
        )
    if images.dtype != np.uint8:
        raise InputError(f"{name} has dtype {images.dtype}: give uint8 pixels from 0 to 255.")
    if len(images) == 0:
        raise InputError(f"{name} holds no images.")
    if like is None or is_channels_first(images.shape[1:]):
        check_image_shape(images.shape[1:], backbone=backbone, image_size=image_size)
    elif tuple(images.shape[1:]) != tuple(like):
        raise InputError(
            f"{name} holds images of {images.shape[1:]}, but the classifier is for {tuple(like)}:"
            " resize them."
        )


def check_labels(labels: np.ndarray, n_images: int, name: str) -> np.ndarray:
    """The labels (n_images,) as numbers or strings; an `InputError` for other values."""
    if labels is None:
        raise InputError(f"{name} is missing: give one label an image, and -1 where there is none.")
    _check_ends(labels, name)
    labels = np.asarray(labels)
    if labels.ndim != 1 or len(labels) != n_images:
        raise InputError(
            f"{name} has shape {labels.shape} for {n_images} images: give one label an image."
        )
    if labels.dtype.kind in "OT":
        if any(isinstance(label, float) and math.isnan(label) for label in labels):
            raise InputError(f"{name} holds NaN: mark unlabelled images with -1.")
        # These two dtypes need pickle to be stored: numbers become numbers, all else strings.
        labels = np.array(labels.tolist())
    if labels.dtype.kind not in "biufUS":
        raise InputError(
            f"{name} has dtype {labels.dtype}: give numbers or strings, -1 for unlabelled."
        )
    if labels.dtype.kind == "f" and np.isnan(labels).any():
        raise InputError(f"{name} holds NaN: mark unlabelled images with -1.")
    return labels


def check_sample_weight(
    weights: Any, labels: np.ndarray, objective: Objective
) -> np.ndarray | None:
    """The weights (n,) float32 of images with a given label, 1 for the others.

    Parameters
    ----------
    weights : (n,) numbers or None
    labels : (n,) integers
        Positions in the classes; negative for an image that is not trained on.
    objective : Objective

    Returns
    -------
    array, or None if each labelled image weighs 1

    Raises
    ------
    InputError
        For a loss that has no value for each image, for a weight that is negative, infinite or no
        number, and for a class without any weight.
    """
    if weights is None:
        return None
    try:
        found = np.asarray(weights, np.float32)
    except (TypeError, ValueError) as error:
        raise InputError(f"sample_weight holds what is no number ({error}).") from error
    if found.shape != labels.shape:
        raise InputError(
            f"sample_weight has shape {found.shape} for {len(labels)} images: give one number an"
            " image."
        )
    given = labels >= 0
    if not (np.isfinite(found[given]).all() and (found[given] >= 0).all()):
        raise InputError(
            "sample_weight holds a number that is negative, infinite or NaN, for an image with a"
            " label: give numbers of at least 0."
        )
    found = np.where(given, found, np.float32(1))
    if (found == 1).all():
        return None
    if not objective.weighs:
        raise InputError(
            f"sample_weight is given, and the loss {objective.name} has no value for each image"
            " that could be weighed: give loss 'cross-entropy' or 'arcface', or leave the weights"
            " out."
        )
    if not np.bincount(labels[given], found[given]).all():
        raise InputError(
            "sample_weight is zero for all labelled images of a class: give one of them more, or"
            " take its label away (-1)."
        )
    return found


def _check_ends(labels: object, name: str) -> None:
    """Raise an `InputError` for a text that ends in NUL: NumPy cuts it off, and classes merge."""
    if not isinstance(labels, (list, tuple)) and str(getattr(labels, "dtype", "")) != "object":
        return
    for label in labels:  # type: ignore[attr-defined]
        if isinstance(label, (str, bytes)) and label[-1:] in ("\0", b"\0"):
            raise InputError(f"{name} holds {label!r}, which ends in a NUL character: take it off.")


def check_test_data(
    data: tuple[np.ndarray, np.ndarray] | None, image_shape: tuple[int, ...], classes: np.ndarray
) -> tuple[np.ndarray, np.ndarray] | None:
    """The labelled images, and their labels as positions in `classes` or `UNKNOWN_CLASS`."""
    if data is None:
        return None
    if not (isinstance(data, (tuple, list)) and len(data) == 2):
        raise InputError("validation_data must be a pair: (images, labels).")
    images, labels = data
    check_images(images, "X of validation_data", like=image_shape)
    labels = check_labels(labels, len(images), "y of validation_data")
    known = np.flatnonzero(~is_unlabelled(labels))
    positions = match(labels[known], classes, "y of validation_data")
    if len(known) < len(labels):
        warnings.warn(
            f"{len(labels) - len(known)} of {len(labels)} test images have no label and are"
            " left out.",
            InputWarning,
            stacklevel=3,
        )
        images = images[known]
    return images, positions


def check_true_labels(labels: np.ndarray, n_images: int, classes: np.ndarray) -> np.ndarray:
    """The labels (n_images,) as positions in `classes`, `UNKNOWN_CLASS` or `UNLABELLED`."""
    labels = check_labels(labels, n_images, "true_labels")
    positions = np.full(n_images, UNLABELLED)
    known = np.flatnonzero(~is_unlabelled(labels))
    if len(known):
        positions[known] = match(labels[known], classes, "true_labels")
    return positions


def check_held_out(indices: np.ndarray | None, labels: np.ndarray) -> np.ndarray:
    """The indices (k,) int64 of labelled images; an `InputError` for other values.

    Parameters
    ----------
    indices : (k,) integers or None
    labels : (n,) integers
        Positions in the classes, or `UNLABELLED`.
    """
    if indices is None:
        return np.empty(0, np.int64)
    indices = np.asarray(indices)
    labelled = np.flatnonzero(labels != UNLABELLED)
    if indices.ndim != 1 or not np.isin(indices, labelled).all():
        raise InputError("held_out must be indices of labelled images.")
    missing = np.setdiff1d(labels[labelled], np.delete(labels, indices))
    if len(missing):
        raise InputError("held_out leaves a class without a labelled image: hold fewer out.")
    return indices.astype(np.int64)
