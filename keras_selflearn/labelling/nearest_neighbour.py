"""Label as the nearest labelled examples do; the distance is the confidence (section 4)."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import pairwise_distances_chunked

from keras_selflearn.console.errors import InputError
from keras_selflearn.labelling.nearest import nearest

_MEBIBYTES_OF_DISTANCES = 64


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
        self.n_neighbors = n_neighbors

    def label(self, embeddings: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The class with most votes, minus the distance to its nearest example, and that example.

        Of classes with equally many votes the one with the nearest example wins.

        Returns
        -------
        labels : (n,) int64
        confidence : (n,) float64
            At most 0; 0 is the surest.
        matched : (n,) int64
            Position in `reference`.
        """
        distances, neighbours = self._neighbours(embeddings)
        votes = self.labels[neighbours]
        counts = np.stack([(votes == vote[:, None]).sum(axis=1) for vote in votes.T], axis=1)
        # argmax takes the first of equals, and neighbours come in order of distance.
        winner = counts.argmax(axis=1)[:, None]
        labels, matched, distance = (
            np.take_along_axis(each, winner, axis=1)[:, 0]
            for each in (votes, neighbours, distances)
        )
        return labels, -distance.astype(np.float64), matched

    def probabilities(self, embeddings: np.ndarray) -> np.ndarray:
        """(n, n_classes) float32: the share of the k votes that each class has."""
        votes = self.labels[self._neighbours(embeddings)[1]]
        share = np.zeros((len(embeddings), self.n_classes), np.float32)
        for neighbour in votes.T:
            share[np.arange(len(share)), neighbour] += 1 / votes.shape[1]
        return share

    def _neighbours(self, embeddings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Distances and positions (n, k) of the nearest; equals in the order of the reference."""
        if self.n_neighbors == 1:
            neighbours, distances = nearest(embeddings, self.reference)
            return distances[:, None], neighbours[:, None]
        found = list(
            pairwise_distances_chunked(
                embeddings,
                self.reference,
                reduce_func=self._nearest,
                working_memory=_MEBIBYTES_OF_DISTANCES,
            )
        )
        distances, neighbours = (np.concatenate(parts) for parts in zip(*found))
        return distances, neighbours

    def _nearest(self, distances: np.ndarray, _: int) -> tuple[np.ndarray, np.ndarray]:
        # scikit-learn's own search leaves open which of equally near ones come first; argmin takes
        # the first, and for the few neighbours that vote it is far faster than sorting all.
        rows = np.arange(len(distances))
        nearest = np.empty((len(distances), self.n_neighbors), distances.dtype)
        neighbours = np.empty(nearest.shape, np.int64)
        for place in range(self.n_neighbors):
            found = distances.argmin(axis=1)
            neighbours[:, place] = found
            nearest[:, place] = distances[rows, found]
            distances[rows, found] = np.inf
        return nearest, neighbours
