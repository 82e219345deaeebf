"""Label all unlabelled images together: labels spread over a graph of similar images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Callable

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from keras_selflearn.labelling.labeller import Graph, Labeller, Labels, Setting
from keras_selflearn.labelling.linear_heads import LinearHead, fit_logistic, say_of_labels
from keras_selflearn.labelling.similarity_graph import (
    most_similar,
    similarity_graph,
    unit_rows,
)
from keras_selflearn.labelling.softmax import SoftmaxLabeller
from keras_selflearn.labelling.spreading import align, row_shares, spread, usual_mass

NOT_REACHED = -1
PRIORS = ("estimated", "equal", "labels", "none")
_STEPS = 50
# Each image gets this part of the usual mass, divided as the prior says. It lowers the confidence
# of images that little reaches, and changes hardly any label.
_BACKGROUND = 0.1
# Added to shares so that no row is all 0.
_LEAST = 1e-12
# In later rounds an image without a given label starts with this part of what a labelled one has.
_GUESS = 0.5


@dataclass(frozen=True)
class Reached:
    """What `GraphLabeller` found for the unlabelled images.

    Attributes
    ----------
    shares : (n, n_classes) float32
        The share of each class; rows add up to 1.
    is_reached : (n,) bool
        Whether a path leads from a labelled image to this one.
    nearest : (n,) int64
        Position in the reference of the most similar labelled image with the predicted label, or
        -1 if the reference has none with that label.
    """

    shares: np.ndarray
    is_reached: np.ndarray
    nearest: np.ndarray


class GraphLabeller(Labeller):
    """Labels spread from labelled images to similar ones, and from these on.

    The steps (docs/features.md): a graph of similar images, label spreading, alignment of the
    classes' shares to a prior, and a say for a head on the labels alone. An image that no labelled
    image leads to gets no label. New images are labelled by the network's head, or by their most
    similar labelled images where the loss has no head that gives logits.
    """

    name = "graph"
    needs_unlabelled = True
    uses = frozenset(
        {"graph_neighbors", "graph_dimensions", "graph_exponent", "graph_alpha", "prior"}
    )
    explanation = (
        "An image got the label that had the largest share of what reached it over the graph of"
        " similar images. Beside it is the most similar labelled image with this label."
    )
    why_no_label = "the graph joins them with no labelled image, not even through others"

    def fit(
        self,
        reference: np.ndarray,
        labels: np.ndarray,
        unlabelled: np.ndarray | None = None,
    ) -> GraphLabeller:
        """Spread the labels of the reference to the unlabelled embeddings.

        Parameters
        ----------
        reference : (m, d) float32
        labels : (m,) integers
        unlabelled : (n, d) float32, optional
            None in a labeller for new images only. In a later round they start with a half of what
            the head says of them.
        """
        super().fit(reference, labels)
        self._by_head: SoftmaxLabeller | None = None
        if self.setting.head is not None:
            self._by_head = SoftmaxLabeller(self.setting)
            self._by_head.fit(reference[:0], self.labels[:0])
        self._reached = None if unlabelled is None else self._spread(unlabelled)
        return self

    def label_unlabelled(self) -> Labels:
        """Label what `fit` got; the label is `NOT_REACHED` where no label leads to the image."""
        assert self._reached is not None, "fit got no unlabelled embeddings"
        shares, is_reached = self._reached.shares, self._reached.is_reached
        confidence = np.where(is_reached, shares.max(axis=1), 0).astype(np.float64)
        labels = np.where(is_reached, shares.argmax(axis=1), NOT_REACHED)
        return Labels(labels, confidence, np.where(is_reached, self._reached.nearest, -1))

    def unlabelled_probabilities(self) -> np.ndarray:
        """The shares of what `fit` got."""
        assert self._reached is not None, "fit got no unlabelled embeddings"
        return self._reached.shares

    def label(self, embeddings: np.ndarray) -> Labels:
        """Label new embeddings by the head, or by the most similar labelled images."""
        if self._by_head is not None:
            return self._by_head.label(embeddings)
        shares, voters = self._votes(embeddings)
        labels = shares.argmax(axis=1)
        votes_for = self.labels[voters] == labels[:, None]
        nearest = voters[np.arange(len(labels)), votes_for.argmax(axis=1)]
        return Labels(labels, shares.max(axis=1).astype(np.float64), nearest)

    def probabilities(self, embeddings: np.ndarray) -> np.ndarray:
        """Give the head's probabilities, or shares of votes weighted by similarity."""
        if self._by_head is not None:
            return self._by_head.probabilities(embeddings)
        return self._votes(embeddings)[0]

    def in_graph(self) -> Graph:
        """The way for new images, in TensorFlow."""
        if type(self) is not GraphLabeller:
            return super().in_graph()  # a class that inherits from this one may label otherwise
        if self._by_head is not None:
            return self._by_head.in_graph()
        from keras_selflearn.labelling.votes_in_graph import votes_graph

        return self._by_votes(votes_graph)

    def in_keras(self, layers: Any) -> Any:
        """The way for new images, as layers of Keras."""
        if type(self) is not GraphLabeller:
            return super().in_keras(layers)
        if self._by_head is not None:
            return self._by_head.in_keras(layers)
        return self._by_votes(layers.votes)

    def _by_votes(self, make: Callable[..., Any]) -> Any:
        return make(
            unit_rows(self.reference),
            self.labels,
            k=self._voters,
            exponent=self.setting.graph_exponent,
            n_classes=self.setting.n_classes,
            background=_BACKGROUND * self._voters,
        )

    @classmethod
    def check_arrays(
        cls, arrays: Mapping[str, np.ndarray], setting: Setting, embedding_size: int
    ) -> None:
        """See `Labeller.check_arrays`. There must be a reference."""
        super().check_arrays(arrays, setting, embedding_size)
        if not len(arrays["reference"]):
            raise ValueError("its reference is empty")

    def _spread(self, unlabelled: np.ndarray) -> Reached:
        setting, n_labelled = self.setting, len(self.reference)
        embeddings = np.concatenate([self.reference, unlabelled])
        graph = self._graph(embeddings)
        units = unit_rows(embeddings)
        by_labels = self._head_on_labels().probabilities(units)
        prior = self._prior(by_labels)
        start = np.zeros((len(embeddings), setting.n_classes), np.float32)
        # Each class starts with equally much, whatever its number of labels.
        numbers = np.bincount(self.labels, minlength=setting.n_classes)
        start[np.arange(n_labelled), self.labels] = (
            n_labelled / setting.n_classes / numbers[self.labels]
        )
        if setting.later_round:
            guesses = setting.guesses
            if self._by_head is not None:
                guesses = self._by_head.probabilities(unlabelled)
            if guesses is not None:
                start[n_labelled:] = _GUESS * self._aligned(guesses, prior)
        masses = spread(graph, start, alpha=setting.graph_alpha, steps=_STEPS)
        shares = row_shares(masses, prior, background=_BACKGROUND * usual_mass(masses))
        shares = self._aligned(shares, prior)
        say = np.float32(say_of_labels(n_labelled, setting.n_classes))
        shares = shares ** (1 - say) * by_labels**say
        shares = row_shares(shares, self._even, background=_LEAST)
        shares = self._aligned(shares, prior)[n_labelled:]
        return Reached(
            shares,
            _in_parts_with(graph, np.arange(n_labelled))[n_labelled:],
            _most_similar_of_class(unlabelled, self.reference, self.labels, shares.argmax(axis=1)),
        )

    def _aligned(self, shares: np.ndarray, prior: np.ndarray) -> np.ndarray:
        return shares if self._is_unaligned else align(shares, prior)

    @property
    def _is_unaligned(self) -> bool:
        return isinstance(self.setting.prior, str) and self.setting.prior == "none"

    def _graph(self, embeddings: np.ndarray) -> sparse.csr_matrix:
        setting = self.setting
        settings = setting.graph_dimensions, setting.graph_neighbors, setting.graph_exponent
        dimensions, n_neighbors, exponent = settings
        return setting.memory.once(
            "graph",
            (embeddings,),
            settings,
            lambda: similarity_graph(
                embeddings,
                dimensions=dimensions,
                n_neighbors=n_neighbors,
                exponent=exponent,
                tell=setting.tell,
            ),
        )

    def _head_on_labels(self) -> LinearHead:
        """The logistic regression on the reference alone."""
        n_classes = self.setting.n_classes
        return self.setting.memory.once(
            "head on labels",
            (self.reference, self.labels),
            (n_classes,),
            lambda: fit_logistic(unit_rows(self.reference), self.labels, n_classes=n_classes),
        )

    def _prior(self, by_labels: np.ndarray) -> np.ndarray:
        """The shares (n_classes,) of the classes among all images.

        `by_labels` (n, n_classes) is what the head on the labels says of them.
        """
        n_classes, prior = self.setting.n_classes, self.setting.prior
        if not isinstance(prior, str):
            return np.asarray(prior, np.float64)
        if prior == "labels":
            return np.bincount(self.labels, minlength=n_classes) / len(self.labels)
        if prior == "estimated":
            return by_labels.mean(axis=0, dtype=np.float64)
        return self._even

    @property
    def _voters(self) -> int:
        return min(self.setting.graph_neighbors, len(self.reference))

    def _votes(self, embeddings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Shares (n, n_classes) of the votes, and the voters (n, k) in order of similarity."""
        voters, similarities = most_similar(
            unit_rows(embeddings), unit_rows(self.reference), self._voters
        )
        weights = np.maximum(similarities, 0) ** np.float32(self.setting.graph_exponent)
        masses = np.zeros((len(embeddings), self.setting.n_classes), np.float32)
        for voter, weight in zip(voters.T, weights.T):
            masses[np.arange(len(masses)), self.labels[voter]] += weight
        return row_shares(masses, self._even, background=_BACKGROUND * self._voters), voters

    @property
    def _even(self) -> np.ndarray:
        return np.full(self.setting.n_classes, 1 / self.setting.n_classes)


def _in_parts_with(graph: sparse.csr_matrix, nodes: np.ndarray) -> np.ndarray:
    """Whether each node (n,) is in a connected part of the graph that holds one of `nodes`."""
    _, part = connected_components(graph, directed=False)
    return np.isin(part, part[nodes])


def _most_similar_of_class(
    embeddings: np.ndarray, reference: np.ndarray, labels: np.ndarray, predicted: np.ndarray
) -> np.ndarray:
    """Position (n,) of the most similar row of the reference that has the predicted label."""
    found = np.full(len(embeddings), -1)
    units, of_reference = unit_rows(embeddings), unit_rows(reference)
    for label in np.unique(labels):
        asking, rows = np.flatnonzero(predicted == label), np.flatnonzero(labels == label)
        if len(asking):
            found[asking] = rows[most_similar(units[asking], of_reference[rows], 1)[0][:, 0]]
    return found
