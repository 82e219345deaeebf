"""Which pseudo-labels join the training set: the most confident p % (section 3)."""

from __future__ import annotations

import numpy as np

from keras_selflearn.console.errors import InputError, check_number, unknown_name

SELECTIONS = ("global", "stratified")


def select(
    labels: np.ndarray,
    confidence: np.ndarray,
    *,
    percent: float,
    selection: str = "global",
    n_classes: int | None = None,
) -> np.ndarray:
    """Choose the most confident `percent` of the examples that remain unlabelled.

    Parameters
    ----------
    labels : (n,) integers
        The predicted label of each remaining example.
    confidence : (n,) floats
        Larger is surer; the scale does not matter.
    percent : float in (0, 100]
        The paper's selection percentage p, of those remaining.
    selection : "global" or "stratified"
        `global` (the paper's text) takes the most confident over all classes. `stratified` (the
        authors' code) takes the same number for each predicted class, fewer where a class was
        predicted less often.
    n_classes : int, optional
        Classes among which `stratified` divides; by default those that were predicted.

    Returns
    -------
    (k,) int64
        Positions in `labels`, the most confident first and ties in order of position. At least
        one while n > 0.

    Raises
    ------
    InputError
        For a percentage outside (0, 100], an unknown selection or a confidence that is NaN.
    """
    check_selection(percent, selection)
    if np.isnan(confidence).any():
        raise InputError(f"{np.isnan(confidence).sum()} of {len(confidence)} confidences are NaN.")
    most_confident_first = np.argsort(-np.asarray(confidence, np.float64), kind="stable")
    wanted = int(percent * len(labels) / 100)
    if selection == "stratified":
        classes = np.unique(labels)
        each = wanted // max(n_classes or len(classes), 1)
        rank_in_class = np.empty(len(labels), np.int64)
        for label in classes:
            members = most_confident_first[labels[most_confident_first] == label]
            rank_in_class[members] = np.arange(len(members))
        chosen = most_confident_first[rank_in_class[most_confident_first] < each]
    else:
        chosen = most_confident_first[:wanted]
    return chosen if len(chosen) else most_confident_first[:1]


def check_selection(percent: float, selection: str) -> None:
    """Raise an `InputError` unless `select` can work with these."""
    if selection not in SELECTIONS:
        raise unknown_name("selection", selection, SELECTIONS)
    check_number("The selection percentage", percent, above=0, most=100)
