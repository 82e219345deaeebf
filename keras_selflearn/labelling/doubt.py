"""Doubt of labels, by a classifier that never saw the label in question.

Northcutt et al. 2021 (Confident learning) find wrong labels by probabilities from outside the fold.
A label that a run gave is confirmed by the network that was trained on it. A classifier that was
trained without this label does not owe it anything.
"""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.model_selection import StratifiedKFold

from keras_selflearn.labelling.linear_heads import fit_discriminant
from keras_selflearn.labelling.similarity_graph import principal_components

_FOLDS = 5
# More dimensions find fewer wrong labels, because the discriminant learns the wrong ones by heart.
_DIMENSIONS = 64
_IMAGES_FOR_A_DIMENSION = 5


def probabilities_out_of_fold(
    embeddings: np.ndarray, labels: np.ndarray, *, n_classes: int, seed: int
) -> np.ndarray:
    """Give the probabilities of each image's classes by a discriminant that did not see its label.

    The images are split into five parts with all classes in proportion. The discriminant of the
    other parts gives the probabilities of a part, by 64 principal components of all embeddings.

    Parameters
    ----------
    embeddings : (n, d) float32
        Of a network that was not trained on the labels.
    labels : (n,) integers
        From 0 to n_classes - 1; at least two classes occur.
    n_classes : int
    seed : int
        Decides the parts.

    Returns
    -------
    (n, n_classes) float32
        NaN for an image whose class no other image has.
    """
    n, sizes = len(labels), np.bincount(labels, minlength=n_classes)
    found = np.full((n, n_classes), np.nan, np.float32)
    if sizes.max() < 2:
        return found
    rows = principal_components(embeddings, max(1, min(_DIMENSIONS, n // _IMAGES_FOR_A_DIMENSION)))
    if not rows.shape[1]:  # images that are all equal
        rows = np.zeros((n, 1), np.float32)
    folds = StratifiedKFold(min(_FOLDS, int(sizes.max())), shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        # A class of fewer images than folds is missing in some folds, which does no harm.
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        splits = list(folds.split(rows, labels))
    for others, part in splits:
        head = fit_discriminant(rows[others], labels[others], n_classes=n_classes)
        found[part] = head.probabilities(rows[part])
    found[sizes[labels] == 1] = np.nan
    return found


def doubt_of(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Give the doubt (n,) float64 of labels, from 0 to 1: the probability of all other classes.

    Parameters
    ----------
    probabilities : (n, n_classes) floats
        See `probabilities_out_of_fold`.
    labels : (n,) integers
    """
    return 1 - probabilities[np.arange(len(labels)), labels].astype(np.float64)
