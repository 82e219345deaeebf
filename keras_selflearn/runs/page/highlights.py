"""Chooses the pseudo-labelled images that the page shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from keras_selflearn.runs.page.contents import Contents


@dataclass(frozen=True)
class Extremes:
    """The pseudo-labels of one class with the highest and the lowest confidence.

    Attributes
    ----------
    most, least : (k,) int64
        Training images; the surest come first in `most`, last in `least`. No image is in both.
    number : int
        Number of all training images with this pseudo-label.
    """

    most: np.ndarray
    least: np.ndarray
    number: int


def extremes(
    labels: np.ndarray, labelled_in: np.ndarray, confidence: np.ndarray, n_classes: int, most: int
) -> list[Extremes]:
    """Find the `most` most and least confident pseudo-labels of each class; ties by position.

    Parameters
    ----------
    labels, labelled_in, confidence : (n,) arrays
        As in `Contents`.
    n_classes, most : int
    """
    pseudo_labelled = np.flatnonzero(labelled_in > 0)
    order = pseudo_labelled[
        np.lexsort((pseudo_labelled, -confidence[pseudo_labelled], labels[pseudo_labelled]))
    ]
    bounds = np.searchsorted(labels[order], np.arange(n_classes + 1))
    found = []
    for start, end in zip(bounds, bounds[1:]):
        members = order[start:end]
        # Of a few images, the surer half counts as the most confident.
        surest = members[: min(most, (len(members) + 1) // 2)]
        found.append(Extremes(surest, members[len(surest) :][::-1][:most], len(members)))
    return found


def likely_mistakes(contents: Contents) -> np.ndarray:
    """Find positions in `pseudo_labelled` that the final model labels differently.

    The higher its confidence in the other label, the earlier the position.
    """
    differs = contents.final_labels != contents.labels[contents.pseudo_labelled]
    positions = np.flatnonzero(differs)
    return positions[np.argsort(-contents.final_confidence[positions], kind="stable")]


def is_wrong(contents: Contents, index: int) -> bool | None:
    """Tell whether a training image's label is not the true one; None if that is unknown."""
    true = contents.true_labels[index]
    return None if true < 0 else bool(true != contents.labels[index])
