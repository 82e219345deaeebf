"""All that the page of a run shows, as plain arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Embedded:
    """The same images embedded twice.

    Attributes
    ----------
    before, after : (k, d) floats
        After the first training and at the end of the run.
    of : "test" or "train"
    indices : (k,) int64
        Positions among the test images or among the training images.
    """

    before: np.ndarray
    after: np.ndarray
    of: str
    indices: np.ndarray


@dataclass(frozen=True)
class Contents:
    """What is shown. Labels are positions in the class names, -1 where there is none.

    Attributes
    ----------
    run : dict
        As run.json has it.
    class_names : sequence of str
    images : (n, height, width, 3) uint8
        The training images, possibly a memory map: only those that are shown are read.
    paths : sequence of str, or None
        Where the training images come from, as the system gives file names.
    labels : (n,) int64
        Given or predicted, at the end of the run.
    labelled_in : (n,) int64
        0 for a given label, else the meta-iteration of the pseudo-label, or -1.
    confidence : (n,) float64
        Of each pseudo-label when it was chosen, larger is surer; NaN for the others.
    matched : (n,) int64
        The training image that each pseudo-label was matched to, else -1.
    by_distance : bool
        Whether confidences are minus distances; else they are probabilities.
    pseudo_labelled : (m,) int64
        Training images that have a pseudo-label, ascending.
    final_labels, final_confidence : (m,) int64, (m,) float64
        What the final model says of those.
    true_labels : (n,) int64
        Used for nothing but to mark what is wrong and to count it.
    test_images : (t, height, width, 3) uint8
    test_labels, test_predicted : (t,) int64
        Both empty where there are no test images.
    embedded : Embedded
    """

    run: dict[str, Any]
    class_names: Sequence[str]
    images: np.ndarray
    paths: Sequence[str] | None
    labels: np.ndarray
    labelled_in: np.ndarray
    confidence: np.ndarray
    matched: np.ndarray
    by_distance: bool
    pseudo_labelled: np.ndarray
    final_labels: np.ndarray
    final_confidence: np.ndarray
    true_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    test_predicted: np.ndarray
    embedded: Embedded
