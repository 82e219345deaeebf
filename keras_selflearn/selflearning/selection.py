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
    selection : "global", "stratified" or "equal"
        `global` (the paper's text) takes the surest of all classes. `stratified` takes as many in
        all, and as equally many of each predicted class as it can: where a class was predicted too
        seldom, the others have more. The surest classes have one more where the number can't be
        divided. `equal` (the authors' code) rounds the number of each class down, and takes fewer
        where a class was predicted less often. Where that number would be 0, it is `stratified`.
    n_classes : int, optional
        `equal` divides by this number; by default by the number of predicted classes.

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
    taken = np.argsort(_ranks_in_class(labels[surest_first]), kind="stable")[:wanted]
    return surest_first[np.sort(taken)]


def _equally_many(
    surest_first: np.ndarray, labels: np.ndarray, wanted: int, n_classes: int | None
) -> np.ndarray:
    each = wanted // max(n_classes or len(np.unique(labels)), 1)
    if not each:
        return _of_each_class(surest_first, labels, wanted, n_classes)
    return surest_first[_ranks_in_class(labels[surest_first]) < each]


def _ranks_in_class(labels: np.ndarray) -> np.ndarray:
    """For each label, how many equal ones stand before it."""
    ranks = np.empty(len(labels), np.int64)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        ranks[members] = np.arange(len(members))
    return ranks


# A new rule is a function and a line here. It takes the positions of all predictions, the surest
# first, their labels, the number to select and the number of classes.
_RULES: dict[str, Callable[[np.ndarray, np.ndarray, int, int | None], np.ndarray]] = {
    "global": _of_all,
    "stratified": _of_each_class,
    "equal": _equally_many,
}
SELECTIONS = tuple(_RULES)


def check_selection(percent: float, selection: str) -> None:
    """Raise an `InputError` unless `select` can work with these."""
    if selection not in SELECTIONS:
        raise unknown_name("selection", selection, SELECTIONS)
    check_number("The selection percentage", percent, above=0, most=100)
