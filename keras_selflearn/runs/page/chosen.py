"""Which pseudo-labelled images the page shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from keras_selflearn.runs.page.contents import Contents


@dataclass(frozen=True)
class Extremes:
    """Of one class.

    Attributes
    ----------
    most, least : (k,) int64
        Training images, the surest first and the least sure first; none is in both.
    number : int
        Of all that have this pseudo-label.
    """

    most: np.ndarray
    least: np.ndarray
    number: int


def extremes(
    labels: np.ndarray, labelled_in: np.ndarray, confidence: np.ndarray, n_classes: int, most: int
) -> list[Extremes]:
    """The `most` most and least confident pseudo-labels of each class; ties by position.

    Parameters
    ----------
    labels, labelled_in, confidence : (n,) arrays
        As in `Contents`.
    n_classes, most : int
    """
    chosen = np.flatnonzero(labelled_in > 0)
    order = chosen[np.lexsort((chosen, -confidence[chosen], labels[chosen]))]
    bounds = np.searchsorted(labels[order], np.arange(n_classes + 1))
    found = []
    for start, end in zip(bounds, bounds[1:]):
        members = order[start:end]
        # Of few images the surer half comes first.
        surest = members[: min(most, (len(members) + 1) // 2)]
        found.append(Extremes(surest, members[len(surest) :][::-1][:most], len(members)))
    return found


def likely_mistakes(contents: Contents) -> np.ndarray:
    """Positions in `pseudo_labelled` whose label the final model would no longer give.

    Those come first where it is surest of the other label.
    """
    differs = contents.final_labels != contents.labels[contents.pseudo_labelled]
    positions = np.flatnonzero(differs)
    return positions[np.argsort(-contents.final_confidence[positions], kind="stable")]


def is_wrong(contents: Contents, index: int) -> bool | None:
    """Whether a training image's label is another than the true one; None if that is unknown."""
    true = contents.true_labels[index]
    return None if true < 0 else bool(true != contents.labels[index])
