"""What the page counts."""

from __future__ import annotations

import numpy as np


def labelled_counts(
    labels: np.ndarray, labelled_in: np.ndarray, n_classes: int, meta_iterations: int
) -> np.ndarray:
    """(n_classes, 1 + meta_iterations) int64: how many got each label in each meta-iteration.

    Column 0 counts the labels that were given.
    """
    labelled = labelled_in >= 0
    cells = labels[labelled] * (meta_iterations + 1) + labelled_in[labelled]
    counts = np.bincount(cells, minlength=n_classes * (meta_iterations + 1))
    return counts.reshape(n_classes, meta_iterations + 1)


def confusion_matrix(true: np.ndarray, predicted: np.ndarray, n_classes: int) -> np.ndarray:
    """(n_classes, n_classes) int64: rows are the true classes, columns the predicted ones.

    What has no true label is left out.
    """
    known = true >= 0
    cells = true[known] * n_classes + predicted[known]
    return np.bincount(cells, minlength=n_classes**2).reshape(n_classes, n_classes)


def confusions(matrix: np.ndarray, most: int) -> list[tuple[int, int, int]]:
    """The `most` most frequent (true, predicted, number) of a confusion matrix."""
    wrong = matrix.copy()
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong, axis=None, kind="stable")[:most]
    found = [(*divmod(int(cell), len(matrix)), int(wrong.flat[cell])) for cell in order]
    return [each for each in found if each[2]]
