"""Label as the nearest labelled examples do; the distance is the confidence (section 4)."""

from __future__ import annotations

import numpy as np
from sklearn.neighbors import NearestNeighbors

from keras_selflearn.errors import InputError


class NearestNeighbourLabeller:
    """k-nearest-neighbour vote in the embedding space, Euclidean; the paper's k is 1.

    Parameters
    ----------
    reference : (m, d) float32
        Embeddings of the labelled examples.
    labels : (m,) integers from 0 to n_classes - 1
    n_classes : int
    n_neighbors : int
        k, at most m.

    Raises
    ------
    InputError
        When k is below 1 or above m.
    """

    def __init__(
        self, reference: np.ndarray, labels: np.ndarray, *, n_classes: int, n_neighbors: int = 1
    ):
        if not 1 <= n_neighbors <= len(reference):
            raise InputError(
                f"n_neighbors is {n_neighbors}: give at least 1 and at most the number of labelled"
                f" examples, {len(reference)}."
            )
        self.reference = reference
        self.labels = np.asarray(labels)
        self.n_classes = n_classes
        self._neighbors = NearestNeighbors(n_neighbors=n_neighbors, algorithm="brute")
        self._neighbors.fit(reference)

    def label(self, embeddings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The class with most votes, and minus the distance to its nearest example.

        Of classes with equally many votes the one with the nearest example wins.

        Returns
        -------
        labels : (n,) int64
        confidence : (n,) float64
            At most 0; 0 is the surest.
        """
        distances, votes = self._vote(embeddings)
        counts = (votes[:, :, None] == votes[:, None, :]).sum(axis=2)
        # argmax takes the first of equals, and neighbours come in order of distance.
        winner = counts.argmax(axis=1)[:, None]
        labels = np.take_along_axis(votes, winner, axis=1)[:, 0]
        return labels, -np.take_along_axis(distances, winner, axis=1)[:, 0].astype(np.float64)

    def probabilities(self, embeddings: np.ndarray) -> np.ndarray:
        """(n, n_classes) float32: the share of the k votes that each class has."""
        _, votes = self._vote(embeddings)
        share = np.zeros((len(embeddings), self.n_classes), np.float32)
        for neighbour in votes.T:
            share[np.arange(len(share)), neighbour] += 1 / votes.shape[1]
        return share

    def _vote(self, embeddings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        distances, neighbours = self._neighbors.kneighbors(embeddings)
        return distances, self.labels[neighbours]
