"""How accurate the method is where there are no test images: folds of the labelled ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.model_selection import StratifiedKFold


@dataclass(frozen=True)
class CrossValidation:
    """Accuracies over the folds, each measured on labelled images that its training did not have.

    Attributes
    ----------
    folds : int
    accuracy : tuple of float or None
        Mean over the folds in percent, by meta-iteration from 0 on; None: not measured.
    spread : tuple of float or None
        Standard deviation over the folds, in percentage points.
    """

    folds: int
    accuracy: tuple[float | None, ...]
    spread: tuple[float | None, ...]

    @classmethod
    def of(cls, curves: Sequence[Sequence[float | None]]) -> CrossValidation:
        """Of one curve a fold; one that ended early stays at its last accuracy."""
        longest = max(map(len, curves))
        padded = [[*curve, *[curve[-1]] * (longest - len(curve))] for curve in curves]
        measured = [None if None in column else column for column in zip(*padded)]
        mean, spread = (
            tuple(None if column is None else float(figure(column)) for column in measured)
            for figure in (np.mean, np.std)
        )
        return cls(len(curves), mean, spread)

    def best(self) -> int:
        """The first meta-iteration of the highest accuracy: after it, it rises no more."""
        accuracies = [-1.0 if each is None else each for each in self.accuracy]
        return int(np.argmax(accuracies))


def most_folds(labels: np.ndarray, wanted: int) -> int:
    """As many folds as wanted, but none without each class; 0 where there can't be two.

    Parameters
    ----------
    labels : (n,) integers
        Of the labelled examples.
    wanted : int
    """
    possible = min(wanted, int(np.unique(labels, return_counts=True)[1].min()))
    return possible if possible > 1 else 0


def folds(labels: np.ndarray, number: int, *, seed: int) -> Iterator[np.ndarray]:
    """The positions (k,) int64 that each fold holds out, all classes in proportion.

    Parameters
    ----------
    labels : (n,) integers
        Of the labelled examples.
    number : int
        At least 2, see `most_folds`.
    seed : int
    """
    split = StratifiedKFold(number, shuffle=True, random_state=seed)
    for _, held_out in split.split(np.zeros(len(labels)), labels):
        yield held_out
