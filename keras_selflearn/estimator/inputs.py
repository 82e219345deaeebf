"""Check the images and labels that a user gives the estimator, and turn labels into numbers."""

from __future__ import annotations

import math
import warnings

import numpy as np

from keras_selflearn.console.errors import InputError, InputWarning
from keras_selflearn.network.image_shape import check_image_shape, is_channels_first
from keras_selflearn.network.side_by_side import Backbones
from keras_selflearn.selflearning.examples import UNKNOWN_CLASS, UNLABELLED

_NAMED = 3


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


def is_unlabelled(labels: np.ndarray) -> np.ndarray:
    """Which labels are -1 or the string "-1", (n,) bool."""
    if labels.dtype.kind in "US":
        return labels == np.array("-1", labels.dtype.kind)
    return labels == UNLABELLED


def encode(labels: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """The positions of the labels in `classes`; `UNKNOWN_CLASS` for a label that is not there."""
    if labels.dtype.kind in "US" or classes.dtype.kind in "US":
        labels, classes = _texts(labels), _texts(classes)
    order = np.argsort(classes)
    places = np.searchsorted(classes, labels, sorter=order)
    positions = order[np.minimum(places, len(classes) - 1)]
    return np.where(classes[positions] == labels, positions, UNKNOWN_CLASS)


def _texts(labels: np.ndarray) -> np.ndarray:
    if labels.dtype.kind == "S":
        return np.char.decode(labels, "utf-8", "surrogateescape")
    return labels.astype(str)


def match(labels: np.ndarray, classes: np.ndarray, name: str) -> np.ndarray:
    """Encode labels that should be labels of training; see `encode`.

    Raises
    ------
    InputError
        When there is no label, or none of them is a class. If only some are not, it warns.
    """
    if not len(labels):
        raise InputError(f"{name} holds no label but -1: give labelled images, or leave them out.")
    positions = encode(labels, classes)
    is_unknown = positions == UNKNOWN_CLASS
    if is_unknown.any():
        unknown, known = (_examples(np.unique(each)) for each in (labels[is_unknown], classes))
        if is_unknown.all():
            raise InputError(
                f"{name} has no label of training: it has {unknown}, and training has {known}."
                " Write both in the same way."
            )
        warnings.warn(
            f"{name} has labels that training does not have: {unknown}. Training has {known}. The"
            f" {int(is_unknown.sum())} images with such a label count as labelled wrong.",
            InputWarning,
            stacklevel=4,
        )
    return positions


def _examples(labels: np.ndarray) -> str:
    named = [repr(each) for each in labels[:_NAMED].tolist()]
    return ", ".join(named) + (", ..." if len(labels) > _NAMED else "")


def decode(labels: np.ndarray, classes: np.ndarray, like: np.ndarray) -> np.ndarray:
    """The classes at the positions `labels`, and -1 where there is none, in the dtype of `like`."""
    decoded = classes[labels].astype(like.dtype)
    if (labels < 0).any():
        decoded[labels < 0] = "-1" if like.dtype.kind in "US" else UNLABELLED
    return decoded
