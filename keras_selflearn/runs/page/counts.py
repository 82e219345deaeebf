"""Counts labels and confusions."""

from __future__ import annotations

import numpy as np


def labelled_counts(
    labels: np.ndarray, labelled_in: np.ndarray, n_classes: int, meta_iterations: int
) -> np.ndarray:
    """Count labels by class and meta-iteration: (n_classes, 1 + meta_iterations) int64.

    Column 0 counts the given labels.
    """
    labelled = labelled_in >= 0
    cells = labels[labelled] * (meta_iterations + 1) + labelled_in[labelled]
    counts = np.bincount(cells, minlength=n_classes * (meta_iterations + 1))
    return counts.reshape(n_classes, meta_iterations + 1)


def confusion_matrix(true: np.ndarray, predicted: np.ndarray, n_classes: int) -> np.ndarray:
    """Count pairs of true class (row) and predicted class (column): (n_classes, n_classes) int64.

    Images without a true label are left out.
    """
    known = true >= 0
    cells = true[known] * n_classes + predicted[known]
    return np.bincount(cells, minlength=n_classes**2).reshape(n_classes, n_classes)


def confusions(matrix: np.ndarray, most: int) -> list[tuple[int, int, int]]:
    """Find the `most` most frequent confusions as (true, predicted, number)."""
    wrong = matrix.copy()
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong, axis=None, kind="stable")[:most]
    found = [(*divmod(int(cell), len(matrix)), int(wrong.flat[cell])) for cell in order]
    return [each for each in found if each[2]]
