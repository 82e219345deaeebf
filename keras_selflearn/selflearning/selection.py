"""Selects the pseudo-labels that join the training set: the surest p % (section 3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Callable

import numpy as np

from keras_selflearn.console.errors import InputError, check_number, unknown_name
from keras_selflearn.selflearning.shares import share_in


def select(
    labels: np.ndarray,
    confidence: np.ndarray,
    meta_iteration: int = 1,
    *,
    percent: float | Sequence[float],
    selection: str = "global",
    n_classes: int | None = None,
) -> np.ndarray:
    """Return the surest `percent` of the examples that have no label.

    Parameters
    ----------
    labels : (n,) integers
        The predicted label of each example without a label.
    confidence : (n,) floats
        A larger one is surer. The scale does not matter.
    meta_iteration : int
        Its number, at least 1, for a list of percentages.
    percent : float in (0, 100], or a sequence of them
        The paper's selection percentage p, of the n examples. A sequence has one for each
        meta-iteration: see `share_in`.
    selection : "global" or "stratified"
        `global` (the paper's text) takes the surest of all classes. `stratified` (the authors'
        code) takes the same number of each predicted class, or fewer if it was predicted less
        often. Where that number would be 0, it takes as many in all as `global`, from as many
        classes as it can.
    n_classes : int, optional
        `stratified` divides by this number; by default by the number of predicted classes.

    Returns
    -------
    (k,) int64
        Positions in `labels`, the surest first and ties in order of position. At least one
        position if n > 0.

    Raises
    ------
    InputError
        For a percentage outside (0, 100], an unknown selection or a confidence that is NaN.
    """
    if isinstance(percent, Sequence):
        percent = share_in(percent, meta_iteration)
    check_selection(percent, selection)
    if np.isnan(confidence).any():
        raise InputError(f"{np.isnan(confidence).sum()} of {len(confidence)} confidences are NaN.")
    surest_first = np.argsort(-np.asarray(confidence, np.float64), kind="stable")
    wanted = int(percent * len(labels) / 100)
    selected = _RULES[selection](surest_first, np.asarray(labels), wanted, n_classes)
    return selected if len(selected) else surest_first[:1]


def _of_all(
    surest_first: np.ndarray, labels: np.ndarray, wanted: int, n_classes: int | None
) -> np.ndarray:
    return surest_first[:wanted]


def _of_each_class(
    surest_first: np.ndarray, labels: np.ndarray, wanted: int, n_classes: int | None
) -> np.ndarray:
    classes = np.unique(labels)
    each = wanted // max(n_classes or len(classes), 1)
    rank_in_class = np.empty(len(labels), np.int64)
    for label in classes:
        members = surest_first[labels[surest_first] == label]
        rank_in_class[members] = np.arange(len(members))
    ranks = rank_in_class[surest_first]
    if each:
        return surest_first[ranks < each]
    # All shares are the same, below 1. So the surest classes get one each.
    return surest_first[np.argsort(ranks, kind="stable")[:wanted]]


# A new rule is a function and a line here. It takes the positions of all predictions, the surest
# first, their labels, the number to select and the number of classes.
_RULES: dict[str, Callable[[np.ndarray, np.ndarray, int, int | None], np.ndarray]] = {
    "global": _of_all,
    "stratified": _of_each_class,
}
SELECTIONS = tuple(_RULES)


def check_selection(percent: float, selection: str) -> None:
    """Raise an `InputError` unless `select` can work with these."""
    if selection not in SELECTIONS:
        raise unknown_name("selection", selection, SELECTIONS)
    check_number("The selection percentage", percent, above=0, most=100)
