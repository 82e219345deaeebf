"""Leave the labels blank that are not sure enough."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from keras_selflearn.labelling.acceptance import accept
from keras_selflearn.runs.image_labels import ImageLabels
from keras_selflearn.selflearning.examples import UNLABELLED


def accepted(found: ImageLabels, accuracy: float) -> ImageLabels:
    """Keep as many of the surest predicted labels as are expected to be right at this rate.

    All other predicted labels become blank. Their label is then the likeliest, in `instead`. Given
    labels stay.

    Parameters
    ----------
    found : ImageLabels
        With probabilities.
    accuracy : float
        From 0 to 1.
    """
    predicted = ~found.given & (found.labels != UNLABELLED)
    known = predicted & ~np.isnan(found.probability)
    acceptance = accept(found.probability[known], accuracy)
    least = np.inf if acceptance is None else acceptance.probability
    kept = known & (np.nan_to_num(found.probability, nan=-1.0) >= least)
    blank = predicted & ~kept
    return replace(
        found,
        labels=np.where(blank, UNLABELLED, found.labels),
        meta_iteration=np.where(blank, UNLABELLED, found.meta_iteration),
        instead=np.where(blank, found.labels, found.instead),
    )


def acceptance_line(found: ImageLabels, accuracy: float) -> str:
    """Say how many predicted labels are kept, and how many of them are probably right."""
    blank = int(np.sum(found.labels == UNLABELLED))
    kept = found.probability[~found.given & (found.labels != UNLABELLED)]
    rest = f"the other {blank:,} stay blank in labels.csv (--accuracy={accuracy:g})."
    if not len(kept):
        return f"No predicted label is sure enough: {rest}"
    return f"{len(kept):,} predicted labels are about {100 * kept.mean():.1f} % right; {rest}"
