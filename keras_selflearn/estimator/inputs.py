"""Check the images and labels that a user gives the estimator."""

from __future__ import annotations

import math
import warnings

import numpy as np

from keras_selflearn.console.errors import InputError, InputWarning
from keras_selflearn.datasets.class_texts import class_texts
from keras_selflearn.datasets.same_name import names_alike
from keras_selflearn.estimator.label_codes import is_unlabelled, match
from keras_selflearn.losses.objective import Objective
from keras_selflearn.network.image_shape import check_image_shape, is_channels_first
from keras_selflearn.network.side_by_side import Backbones
from keras_selflearn.selflearning.examples import UNLABELLED

_FEW = 3
_NAMED = 10
# The share of batches that may teach nothing without a word.
_MANY_WITHOUT = 0.5


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
        The shape that each image must have: that of images that the network takes.
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


def warn_of_doubtful_labels(classes: np.ndarray) -> None:
    """Warn of classes that are probably marks of unlabelled images, or twice the same class.

    Parameters
    ----------
    classes : (k,) array
        The classes of `y`, without -1.
    """
    kind = classes.dtype.kind
    if kind == "u":
        most = np.iinfo(classes.dtype).max
        if most in classes and most - 1 not in classes:
            _warn_of_mark(most, f"which is what -1 becomes in {classes.dtype}", "y.astype(int)")
    if kind not in "US":
        return
    names = class_texts(classes)
    if "-" in names and classes.dtype == np.dtype(f"{kind}1"):
        _warn_of_mark("-", "which is what -1 becomes in texts of one character", "y.astype('U9')")
    for name in names:
        if name.strip() in ("", "-1", "-1.0"):
            _warn_of_mark(name, "which is no name", "other names")
    for group in names_alike(names):
        warnings.warn(
            f"Classes of y differ only in case, in blanks or in letters that can't be seen:"
            f" {', '.join(map(repr, group))}. They stay apart; write them alike if they are one.",
            InputWarning,
            stacklevel=3,
        )


def _warn_of_mark(label: object, why: str, instead: str) -> None:
    warnings.warn(
        f"y has a class {label!r}, {why}. If these images are unlabelled, make y with {instead}"
        " first, and then mark them with -1 (among texts with '-1').",
        InputWarning,
        stacklevel=4,
    )


def check_validation_data(
    data: tuple[np.ndarray, np.ndarray] | None, image_shape: tuple[int, ...], classes: np.ndarray
) -> tuple[np.ndarray, np.ndarray] | None:
    """The labelled images, and their labels as positions in `classes` or `UNKNOWN_CLASS`."""
    if data is None:
        return None
    if not (isinstance(data, (tuple, list)) and len(data) == 2):
        raise InputError("validation_data must be a pair: (images, labels).")
    images, labels = data
    check_images(images, "validation X", like=image_shape)
    labels = check_labels(labels, len(images), "validation y")
    known = np.flatnonzero(~is_unlabelled(labels))
    positions = match(labels[known], classes, "validation y")
    if len(known) < len(labels):
        warnings.warn(
            f"{len(labels) - len(known)} of {len(labels)} validation images have no label and are"
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


def warn_of_small_classes(labels: np.ndarray, classes: np.ndarray) -> None:
    """Warn of classes with fewer than three labelled images.

    Parameters
    ----------
    labels : (n,) integers
        Positions in `classes`; negative for an image without a label.
    classes : (k,) array
    """
    counts = np.bincount(labels[labels >= 0], minlength=len(classes))
    small = [f"{classes[i]} ({counts[i]})" for i in np.flatnonzero(counts < _FEW)]
    if small:
        named = ", ".join(small[:_NAMED]) + (", ..." if len(small) > _NAMED else "")
        warnings.warn(
            f"{len(small)} of {len(classes)} classes have fewer than {_FEW} labelled images:"
            f" {named}. Label more of them.",
            InputWarning,
            stacklevel=3,
        )


def warn_of_no_pairs(objective: Objective, labels: np.ndarray, batch_size: int) -> None:
    """Warn where a loss needs two images in a batch, or two of one class, and none can have them.

    Parameters
    ----------
    objective : Objective
    labels : (n,) integers
        Positions in the classes; negative for an image without a label.
    batch_size : int
    """
    alone = objective.needs_pairs and np.bincount(labels[labels >= 0]).max() < 2
    if alone or (objective.needs_two and batch_size < 2):
        what = "images of one class" if objective.needs_pairs else "images"
        why = "each class has one labelled image" if alone else f"batch_size is {batch_size}"
        warnings.warn(
            f"The {objective.name} loss compares {what} in a batch, and {why}: the"
            " first training will learn nothing. Label more images, or take another loss or a"
            " larger batch_size.",
            InputWarning,
            stacklevel=3,
        )


def warn_of_rare_pairs(objective: Objective, labels: np.ndarray, batch_size: int) -> None:
    """Warn where a loss needs two images of one class, and most batches will have none.

    Parameters
    ----------
    objective : Objective
    labels : (n,) integers
        Positions in the classes; negative for an image without a label.
    batch_size : int
    """
    counts = np.bincount(labels[labels >= 0]).astype(float)
    n, in_batch = counts.sum(), min(batch_size, counts.sum())
    pairs = (counts * (counts - 1)).sum() / max(1, n * (n - 1)) * in_batch * (in_batch - 1) / 2
    without = math.exp(-pairs)  # of Poisson, because pairs are rare
    # Without any, another warning says so.
    if objective.needs_pairs and pairs and without > _MANY_WITHOUT:
        warnings.warn(
            f"The {objective.name} loss compares images of one class in a batch, and about"
            f" {100 * without:.0f} % of the first training's batches have no two: they teach"
            " nothing. Label more images, or take a larger batch_size or another loss.",
            InputWarning,
            stacklevel=3,
        )
