"""Everything that the page of a run shows, as plain arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from keras_selflearn.runs.record import RunRecord


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
    """The contents of a page. Labels are positions in the class names; -1 means no label.

    Attributes
    ----------
    run : RunRecord
    class_names : sequence of str
    images : (n, height, width, 1 or 3) uint8
        The training images, perhaps as a memory map. The page reads only those that it shows.
    paths : sequence of str, or None
        Paths of the training images, as the system gives file names.
    labels : (n,) int64
        Given or predicted labels at the end of the run.
    labelled_in : (n,) int64
        0 for a given label, else the meta-iteration of the pseudo-label, or -1.
    confidence : (n,) float64
        Confidence of each pseudo-label when it was selected, larger is surer; NaN without one.
    nearest : (n,) int64
        The nearest labelled training image of each pseudo-labelled one, else -1.
    by_distance : bool
        Whether a confidence is minus a distance; else it is a probability.
    pseudo_labelled : (m,) int64
        Training images that have a pseudo-label, ascending.
    final_labels, final_confidence : (m,) int64, (m,) float64
        Labels and confidences that the final model gives them; empty where there are doubts.
    true_labels : (n,) int64
        Used only to mark and count what is wrong.
    test_images : (t, height, width, 1 or 3) uint8
    test_labels, test_predicted : (t,) int64
        Both are empty without a test set.
    embedded : Embedded
    doubt, probability : (n,) float64, or None
        See `ImageLabels`. None for a run of version 0.2.0.
    instead : (n,) int64, or None
        The likeliest other class of a label that is doubted, else -1.
    unlike : (n,) float64, or None
        See `ImageLabels`. None for a run of version 0.2.0.
    fold_labels, fold_predicted : (f,) int64
        Of the labelled images, by the folds that held them out. Both are empty without folds.
    """

    run: RunRecord
    class_names: Sequence[str]
    images: np.ndarray
    paths: Sequence[str] | None
    labels: np.ndarray
    labelled_in: np.ndarray
    confidence: np.ndarray
    nearest: np.ndarray
    by_distance: bool
    pseudo_labelled: np.ndarray
    final_labels: np.ndarray
    final_confidence: np.ndarray
    true_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    test_predicted: np.ndarray
    embedded: Embedded
    doubt: np.ndarray | None = None
    probability: np.ndarray | None = None
    instead: np.ndarray | None = None
    unlike: np.ndarray | None = None
    fold_labels: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    fold_predicted: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
