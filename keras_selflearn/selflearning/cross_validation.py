"""Estimates the accuracy without test images, by folds of the labelled images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.model_selection import StratifiedKFold


@dataclass(frozen=True)
class CrossValidation:
    """The accuracies over the folds. Each fold measures labelled images that it did not train on.

    Attributes
    ----------
    folds : int
    accuracy : tuple of float or None
        The mean over the folds in per cent, for each meta-iteration from 0 on; None: not measured.
    spread : tuple of float or None
        The standard deviation over the folds, in percentage points.
    """

    folds: int
    accuracy: tuple[float | None, ...]
    spread: tuple[float | None, ...]

    @classmethod
    def of(cls, curves: Sequence[Sequence[float | None]]) -> CrossValidation:
        """Join the curves of the folds; a curve that ended early stays at its last accuracy."""
        longest = max(map(len, curves))
        padded = [[*curve, *[curve[-1]] * (longest - len(curve))] for curve in curves]
        measured = [None if None in column else column for column in zip(*padded)]
        mean, spread = (
            tuple(None if column is None else float(figure(column)) for column in measured)
            for figure in (np.mean, np.std)
        )
        return cls(len(curves), mean, spread)

    def best(self) -> int:
        """Return the first meta-iteration with the highest accuracy."""
        accuracies = [-1.0 if each is None else each for each in self.accuracy]
        return int(np.argmax(accuracies))


def most_folds(labels: np.ndarray, wanted: int) -> int:
    """Return the largest number of folds that all have every class; 0 if two are not possible.

    Parameters
    ----------
    labels : (n,) integers
        The labels of the labelled examples.
    wanted : int
        The result is at most this.
    """
    possible = min(wanted, int(np.unique(labels, return_counts=True)[1].min()))
    return possible if possible > 1 else 0


def folds(labels: np.ndarray, number: int, *, seed: int) -> Iterator[np.ndarray]:
    """Yield the positions (k,) int64 that each fold holds out, all classes in proportion.

    Parameters
    ----------
    labels : (n,) integers
        The labels of the labelled examples.
    number : int
        At least 2, see `most_folds`.
    seed : int
    """
    split = StratifiedKFold(number, shuffle=True, random_state=seed)
    for _, held_out in split.split(np.zeros(len(labels)), labels):
        yield held_out
