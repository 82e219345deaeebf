"""How many labels can be accepted unseen, so that few enough of them are wrong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Acceptance:
    """The surest labels, as many as keep an accuracy.

    Attributes
    ----------
    probability : float
        The least probability of an accepted label.
    number : int
        How many labels are accepted.
    accuracy : float
        The share of them that is expected to be right, from 0 to 1.
    """

    probability: float
    number: int
    accuracy: float


def accept(probabilities: np.ndarray, accuracy: float) -> Acceptance | None:
    """Accept as many of the surest labels as have at least this expected accuracy.

    Labels of the same probability are accepted together or not at all.

    Parameters
    ----------
    probabilities : (n,) floats
        That each label is right.
    accuracy : float
        From 0 to 1.

    Returns
    -------
    Acceptance or None
        None where not even the surest labels reach it.
    """
    ordered = np.sort(probabilities)[::-1]
    expected = np.cumsum(ordered) / np.arange(1, len(ordered) + 1)
    is_last = np.append(ordered[1:] < ordered[:-1], True) if len(ordered) else np.empty(0, bool)
    enough = np.flatnonzero((expected >= accuracy) & is_last)
    if not len(enough):
        return None
    last = enough[-1]
    return Acceptance(float(ordered[last]), int(last) + 1, float(expected[last]))
