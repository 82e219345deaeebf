"""Warn of labels that `fit` can use, but that are probably not what the user wants."""

from __future__ import annotations

import math
import warnings

import numpy as np

from keras_selflearn.console.errors import InputWarning
from keras_selflearn.datasets.class_texts import NO_LABELS, class_texts
from keras_selflearn.datasets.same_name import names_alike
from keras_selflearn.losses.objective import Objective

_FEW = 3
_NAMED = 10
# So many of the batches may teach nothing without a warning.
_MANY_WITHOUT = 0.5
_MOST_UNSIGNED = [np.iinfo(f"uint{bits}").max for bits in (8, 16, 32, 64)]


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
        elif name.strip().lower() in NO_LABELS:
            _warn_of_mark(name, "which looks like no label", "other names")
    if all(name.isdecimal() for name in names):
        for most in _MOST_UNSIGNED:
            if str(most) in names and str(most - 1) not in names:
                _warn_of_mark(
                    str(most), "which is what -1 becomes in an unsigned dtype", "y.astype(int)"
                )
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


def warn_of_no_pairs(
    objective: Objective,
    labels: np.ndarray,
    batch_size: int,
    images_per_class: int | None = None,
) -> None:
    """Warn where a loss needs two images in a batch, or two of one class, and none can have them.

    Parameters
    ----------
    objective : Objective
    labels : (n,) integers
        Positions in the classes; negative for an image without a label.
    batch_size : int
    images_per_class : int, optional
        How many images of a class each batch has, by repeating them where there are fewer.
    """
    alone = objective.needs_pairs and np.bincount(labels[labels >= 0]).max() < 2
    if images_per_class is None and (alone or (objective.needs_two and batch_size < 2)):
        what = "images of one class" if objective.needs_pairs else "images"
        why = "each class has one labelled image" if alone else f"batch_size is {batch_size}"
        instead = "a larger batch_size"
        if alone:
            instead = "batches of classes with several images each (images_per_class)"
        warnings.warn(
            f"The {objective.name} loss compares {what} in a batch, and {why}: the"
            f" first training will learn nothing. Label more images, or take {instead} or another"
            " loss.",
            InputWarning,
            stacklevel=3,
        )


def warn_of_rare_pairs(
    objective: Objective,
    labels: np.ndarray,
    batch_size: int,
    images_per_class: int | None = None,
) -> None:
    """Warn if a loss needs two images of one class, and most batches will have no such two.

    Parameters
    ----------
    objective : Objective
    labels : (n,) integers
        Positions in the classes; negative for an image without a label.
    batch_size : int
    images_per_class : int, optional
        How many images of a class each batch has.
    """
    if images_per_class is not None:
        return
    counts = np.bincount(labels[labels >= 0]).astype(float)
    n, in_batch = counts.sum(), min(batch_size, counts.sum())
    pairs = (counts * (counts - 1)).sum() / max(1, n * (n - 1)) * in_batch * (in_batch - 1) / 2
    without = math.exp(-pairs)  # Poisson's share of batches without a pair, as pairs are rare.
    # If there is no pair at all, `warn_of_no_pairs` says so.
    if objective.needs_pairs and pairs and without > _MANY_WITHOUT:
        warnings.warn(
            f"The {objective.name} loss compares images of one class in a batch, and about"
            f" {100 * without:.0f} % of the first training's batches have no two: they teach"
            " nothing. Take batches of classes with several images each (images_per_class), label"
            " more images, or take a larger batch_size or another loss.",
            InputWarning,
            stacklevel=3,
        )
