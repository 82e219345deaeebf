"""Labels as positions in the classes, and back."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from keras_selflearn.console.errors import InputError, InputWarning
from keras_selflearn.datasets.same_name import unicode_form
from keras_selflearn.selflearning.examples import UNKNOWN_CLASS, UNLABELLED

_EXAMPLES = 3
# Of an unlabelled image, among texts.
_MARK = "-1"


def is_unlabelled(labels: np.ndarray) -> np.ndarray:
    """Which labels are -1 or the string "-1", (n,) bool."""
    if labels.dtype == object:
        return (labels == UNLABELLED) | (labels == _MARK)
    if labels.dtype.kind in "US":
        return labels == np.array("-1", labels.dtype.kind)
    return labels == UNLABELLED


def classes_of(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The classes of labels, sorted, and the position (n,) of each label in them.

    Texts that differ in their Unicode form alone are one class, in the form that comes first.
    """
    classes, first, positions = np.unique(labels, return_index=True, return_inverse=True)
    forms = _forms(_texts(classes)) if classes.dtype.kind in "US" else classes.tolist()
    kept = {forms[each]: each for each in np.argsort(-first)}  # the first one overwrites others
    if len(kept) == len(classes):
        return classes, positions
    own = np.sort([*kept.values()])
    return classes[own], np.searchsorted(own, [kept[form] for form in forms])[positions]


def encode(labels: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """The positions of the labels in `classes`; `UNKNOWN_CLASS` for a label that is not there.

    A text that is no class may be one in another Unicode form.
    """
    labels, classes = plain(labels), plain(classes)
    if labels.dtype.kind not in "US" and classes.dtype.kind not in "US":
        return _positions(labels, classes)
    labels, classes = _texts(labels), _texts(classes)
    positions = _positions(labels, classes)
    unknown = np.flatnonzero(positions == UNKNOWN_CLASS)
    if len(unknown):
        forms = np.array(_forms(labels[unknown]))
        positions[unknown] = _positions(forms, np.array(_forms(classes)))
    return positions


def _positions(labels: np.ndarray, classes: np.ndarray) -> np.ndarray:
    order = np.argsort(classes)
    places = np.searchsorted(classes, labels, sorter=order)
    positions = order[np.minimum(places, len(classes) - 1)]
    return np.where(classes[positions] == labels, positions, UNKNOWN_CLASS)


def _texts(labels: np.ndarray) -> np.ndarray:
    if labels.dtype.kind == "S":
        return np.char.decode(labels, "utf-8", "surrogateescape")
    return labels.astype(str)


def _forms(texts: np.ndarray) -> list[str]:
    return [unicode_form(each) for each in texts.tolist()]


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
    named = [repr(each) for each in labels[:_EXAMPLES].tolist()]
    return ", ".join(named) + (", ..." if len(labels) > _EXAMPLES else "")


def plain(labels: np.ndarray) -> np.ndarray:
    """Labels of dtype object as numbers or strings; others as they are."""
    return np.array(labels.tolist()) if labels.dtype == object else labels


def as_given(labels: Any, found: np.ndarray) -> np.ndarray:
    """The labels (n,) with the dtype that they were given in, or `found`, which was made of them.

    That is the dtype object, or that of `found`: NumPy's other dtypes of texts have no order.
    """
    labels = np.asarray(labels)
    return labels if labels.dtype == object else found


def mark_of(labels: np.ndarray) -> str | int:
    """What marks an unlabelled image among these labels (n,): -1 or the string "-1"."""
    if labels.dtype == object:
        return _MARK if (labels == _MARK).any() and not (labels == UNLABELLED).any() else UNLABELLED
    return _MARK if labels.dtype.kind in "US" else UNLABELLED


def decode(labels: np.ndarray, classes: np.ndarray, like: np.ndarray) -> np.ndarray:
    """The classes at the positions `labels`, and a mark where there is none, as in `like`.

    The dtype is that of `like`, unless it has no room for the mark.
    """
    dtype, is_none = like.dtype, labels < 0
    if not is_none.any():
        return classes[labels].astype(dtype)
    if dtype.kind in "USbu":
        room = f"{dtype.kind}{len(_MARK)}" if dtype.kind in "US" else np.int8
        dtype = np.promote_types(dtype, room)
    decoded = classes[labels].astype(dtype)
    decoded[is_none] = mark_of(like)
    return decoded
