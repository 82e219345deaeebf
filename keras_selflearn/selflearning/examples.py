"""What is known of each training image."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

UNLABELLED = -1
# This image is neither trained on nor labelled.
LEFT_OUT = -2
# The label of this test image is a class that training does not have.
UNKNOWN_CLASS = -3


@dataclass(frozen=True)
class Examples:
    """The labels of the training images, given and predicted. It never changes.

    Attributes
    ----------
    labels : (n,) int64
        The class, given or predicted, or `UNLABELLED`, or `LEFT_OUT`.
    labelled_in : (n,) int64
        0 for a given label, the number of the meta-iteration for a pseudo-label, else -1.
    confidence : (n,) float64
        The confidence of each pseudo-label when it was selected; NaN for the other images.
    nearest : (n,) int64
        The nearest labelled image of each pseudo-label when it was selected, or -1.
    probabilities : (n, n_classes) or (n, 0) float32
        For soft targets, the probability of each class when the pseudo-label was selected; 0 for
        the other images. Without a column where targets are hard.
    last : (n,) int64
        The last pseudo-label that each image had, also if it was taken back, or -1.
    flips : (n,) int64
        How often an image got another pseudo-label than its last one.
    """

    labels: np.ndarray
    labelled_in: np.ndarray
    confidence: np.ndarray
    nearest: np.ndarray
    probabilities: np.ndarray
    last: np.ndarray
    flips: np.ndarray

    @classmethod
    def from_labels(cls, labels: np.ndarray, n_probabilities: int = 0) -> Examples:
        """Make the examples that a run starts from.

        Parameters
        ----------
        labels : (n,) integers
            `UNLABELLED` where the label is not known.
        n_probabilities : int
            The number of classes for soft targets, else 0.
        """
        labels = np.array(labels, np.int64)
        labelled_in = np.where(labels < 0, -1, 0)
        n = len(labels)
        probabilities = np.zeros((n, n_probabilities), np.float32)
        none = np.full(n, -1)
        no_flips = np.zeros(n, np.int64)
        return cls(labels, labelled_in, np.full(n, np.nan), none, probabilities, none, no_flips)

    @property
    def labelled(self) -> np.ndarray:
        """The indices (k,) int64 of all images that have a label, given or predicted."""
        return np.flatnonzero(self.labels >= 0)

    @property
    def unlabelled(self) -> np.ndarray:
        """The indices of the images that have no label yet."""
        return np.flatnonzero(self.labels == UNLABELLED)

    @property
    def initially_labelled(self) -> np.ndarray:
        """The indices of the images whose label was given."""
        return np.flatnonzero(self.labelled_in == 0)

    def merge(
        self,
        indices: np.ndarray,
        labels: np.ndarray,
        confidence: np.ndarray,
        nearest: np.ndarray,
        meta_iteration: int,
        probabilities: np.ndarray | float = 0.0,
    ) -> Examples:
        """Return examples in which these images have these pseudo-labels.

        An image that has a pseudo-label already gets the new one.
        """
        last, flips = self.last.copy(), self.flips.copy()
        flips[indices] += self._is_flip(indices, labels)
        last[indices] = labels
        merged = self._replaced(indices, labels, meta_iteration, confidence, nearest, probabilities)
        return replace(merged, last=last, flips=flips)

    def n_flips(self, indices: np.ndarray, labels: np.ndarray) -> int | None:
        """Count the pseudo-labels that differ from the last ones; None without last ones."""
        if not (self.last[indices] >= 0).any():
            return None
        return int(self._is_flip(indices, labels).sum())

    def without_labels(self, indices: np.ndarray) -> Examples:
        """Return examples in which these images have no label."""
        return self._replaced(indices, UNLABELLED, -1, np.nan, -1, 0.0)

    def without_pseudo_labels(self) -> Examples:
        """Return examples that have the given labels alone, so that the others are given anew."""
        return self.without_labels(np.flatnonzero(self.labelled_in > 0))

    def check_continues(self, start: Examples, meta_iteration: int) -> None:
        """Raise a `ValueError` unless a run from `start` can have these at `meta_iteration`."""
        for field in fields(self):
            found, expected = getattr(self, field.name), getattr(start, field.name)
            if found.shape != expected.shape or found.dtype != expected.dtype:
                raise ValueError(
                    f"the array {field.name} is {found.dtype} {found.shape},"
                    f" not {expected.dtype} {expected.shape}"
                )
        given = start.initially_labelled
        if not (
            np.isin(self.labels, np.arange(LEFT_OUT, start.labels.max() + 1)).all()
            and np.isin(self.labelled_in, np.arange(-1, meta_iteration + 1)).all()
            and np.array_equal(self.initially_labelled, given)
            and np.array_equal(self.labels[given], start.labels[given])
            and np.array_equal(self.labels == LEFT_OUT, start.labels == LEFT_OUT)
            and np.array_equal(self.labels < 0, self.labelled_in == -1)
            and np.array_equal(np.isnan(self.confidence), self.labelled_in < 1)
            and np.isin(self.nearest, np.append(self.labelled, -1)).all()
            and (self.nearest[self.labelled_in < 1] == -1).all()
            and ((self.probabilities >= 0) & (self.probabilities <= 1)).all()
            and not self.probabilities[self.labelled_in < 1].any()
            and np.isin(self.last, np.arange(-1, start.labels.max() + 1)).all()
            and (self.last[start.labels != UNLABELLED] == -1).all()
            and np.array_equal(self.last[self.labelled_in > 0], self.labels[self.labelled_in > 0])
            and np.isin(self.flips, np.arange(max(meta_iteration, 1))).all()
            and not self.flips[self.last == -1].any()
        ):
            raise ValueError("its labels can't be those of a run with the labels that were given")

    def _is_flip(self, indices: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Whether each of these pseudo-labels differs from the last one of its image."""
        last = self.last[indices]
        return (last >= 0) & (last != labels)

    def _replaced(self, indices: np.ndarray, *values: np.ndarray | float) -> Examples:
        """Return a copy with these values of the first fields, in their order, at `indices`."""
        arrays = [getattr(self, field.name).copy() for field in fields(self)]
        for array, value in zip(arrays, values):
            array[indices] = value
        return Examples(*arrays)
