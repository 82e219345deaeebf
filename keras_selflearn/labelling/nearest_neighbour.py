"""Label as the nearest labelled images do; the distance is the confidence (section 4)."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.metrics import pairwise_distances_chunked

from keras_selflearn.console.errors import InputError
from keras_selflearn.labelling.labeller import MINUS_DISTANCE, Graph, Labeller, Labels
from keras_selflearn.labelling.nearest import nearest

_MEBIBYTES_OF_DISTANCES = 64


class NearestNeighbourLabeller(Labeller):
    """A vote of the k nearest labelled images by Euclidean distance; the paper's k is 1.

    Of classes with equally many votes the one with the nearest image wins.
    """

    name = "nearest"
    confidence_unit = MINUS_DISTANCE
    explanation = (
        "An image got the label of the labelled image that is nearest to it in the embedding space."
        " That image stands beside it. The smaller the distance, the surer the label."
    )

    @classmethod
    def confidence_range(cls, normalized: bool) -> tuple[float | None, float | None]:
        """At most 0; two vectors of length 1 are at most 2 apart."""
        return -2 if normalized else None, 0

    @classmethod
    def check_labelled(cls, number: int, n_neighbors: int) -> None:
        """Raise an `InputError` unless `n_neighbors` is from 1 to `number`."""
        if n_neighbors < 1:
            raise InputError(f"n_neighbors is {n_neighbors}: give at least 1.")
        if n_neighbors > number:
            raise InputError(
                f"n_neighbors is {n_neighbors}, but only {number} images are labelled."
            )

    def fit(
        self, reference: np.ndarray, labels: np.ndarray, unlabelled: np.ndarray | None = None
    ) -> NearestNeighbourLabeller:
        """Keep the reference; an `InputError` when it is smaller than n_neighbors."""
        self.check_labelled(len(reference), self.setting.n_neighbors)
        super().fit(reference, labels)
        return self

    def label(self, embeddings: np.ndarray) -> Labels:
        """Give the winning class, its nearest image, and minus the distance to that image."""
        distances, positions = self._search(embeddings)
        votes = self.labels[positions]
        counts = np.stack([(votes == vote[:, None]).sum(axis=1) for vote in votes.T], axis=1)
        # argmax takes the first of equals, and the nearest comes first.
        winner = counts.argmax(axis=1)[:, None]
        label, position, distance = (
            np.take_along_axis(each, winner, axis=1)[:, 0] for each in (votes, positions, distances)
        )
        return Labels(label, -distance.astype(np.float64), position)

    def probabilities(self, embeddings: np.ndarray) -> np.ndarray:
        """Give each class's share of the k votes, (n, n_classes) float32."""
        votes = self.labels[self._search(embeddings)[1]]
        share = np.zeros((len(embeddings), self.setting.n_classes), np.float32)
        for vote in votes.T:
            share[np.arange(len(share)), vote] += 1 / votes.shape[1]
        return share

    def in_graph(self) -> Graph:
        """The same search and vote in TensorFlow."""
        if type(self) is not NearestNeighbourLabeller:
            return super().in_graph()  # a class that inherits from this one may label otherwise
        return self._graph(portable=False)

    def in_portable_graph(self) -> Graph:
        """The same in float32 and without a loop: it holds all distances of a batch."""
        if type(self) is not NearestNeighbourLabeller:
            return self.in_graph()
        return self._graph(portable=True)

    def in_keras(self, layers: Any) -> Any:
        """The same search and vote as layers of Keras."""
        if type(self) is not NearestNeighbourLabeller:
            return super().in_keras(layers)
        k, n_classes = self.setting.n_neighbors, self.setting.n_classes
        return layers.nearest(self.reference, self.labels, k=k, n_classes=n_classes)

    def _graph(self, *, portable: bool) -> Graph:
        from keras_selflearn.labelling.nearest_in_graph import nearest_neighbour_graph

        setting = self.setting
        return nearest_neighbour_graph(
            self.reference,
            self.labels,
            k=setting.n_neighbors,
            n_classes=setting.n_classes,
            portable=portable,
        )

    def _search(self, embeddings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Distances and positions (n, k) of the nearest; equals in the order of the reference."""
        if self.setting.n_neighbors == 1:
            positions, distances = nearest(embeddings, self.reference)
            return distances[:, None], positions[:, None]
        found = list(
            pairwise_distances_chunked(
                embeddings,
                self.reference,
                reduce_func=self._nearest,
                working_memory=_MEBIBYTES_OF_DISTANCES,
            )
        )
        distances, positions = (np.concatenate(parts) for parts in zip(*found))
        return distances, positions

    def _nearest(self, distances: np.ndarray, _: int) -> tuple[np.ndarray, np.ndarray]:
        # scikit-learn's own search does not say which of equally near images comes first. argmin
        # takes the first, and for small k it is far faster than a sort.
        rows = np.arange(len(distances))
        found = np.empty((len(distances), self.setting.n_neighbors), distances.dtype)
        positions = np.empty(found.shape, np.int64)
        for place in range(self.setting.n_neighbors):
            position = distances.argmin(axis=1)
            positions[:, place] = position
            found[:, place] = distances[rows, position]
            distances[rows, position] = np.inf
        return found, positions
