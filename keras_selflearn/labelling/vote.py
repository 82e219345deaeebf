"""Label as most of several labellers do: the mean of their hard votes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Callable, NamedTuple

import numpy as np

from keras_selflearn.labelling import labeller_class
from keras_selflearn.labelling.labeller import Graph, Labeller, Labels, Setting


class _Opinion(NamedTuple):
    """What one voter says: `Labels`, and probabilities (n, n_classes)."""

    labels: Labels
    probabilities: np.ndarray


class _Voter(NamedTuple):
    """A labeller for new images, and the columns of the embeddings that it sees."""

    labeller: Labeller
    columns: slice

    def opinion(self, embeddings: np.ndarray) -> _Opinion:
        """What it says of new embeddings, each by itself."""
        seen = embeddings[:, self.columns]
        return _Opinion(self.labeller.label(seen), self.labeller.probabilities(seen))

    def opinion_together(self, unlabelled: np.ndarray, guesses: np.ndarray | None) -> _Opinion:
        """What it says of all unlabelled embeddings."""
        if not self.labeller.needs_unlabelled:
            return self.opinion(unlabelled)
        kind, setting = type(self.labeller), replace(self.labeller.setting, guesses=guesses)
        seen = unlabelled[:, self.columns]
        fitted = kind(setting).fit(self.labeller.reference, self.labeller.labels, seen)
        return _Opinion(fitted.label_unlabelled(), fitted.unlabelled_probabilities())


class VoteLabeller(Labeller):
    """The class with most votes, and its share of the votes (Zhang et al. 2025).

    Each voter has one vote for each image: its label, whatever its confidence. A labeller that
    compares embeddings is a voter for each of several networks side by side, and sees the columns
    of that network alone. The head, which is fitted on all of them, has one vote. If classes have
    equally many votes, the one with the largest mean probability wins. A voter that gives an image
    no label has no vote there, but still counts as a voter. The nearest labelled image comes from
    the first voter for the label that names one.

    The graph votes for new images by the most similar labelled images, never by the head: the
    head has its own voter, `softmax`.
    """

    name = "vote"
    needs_unlabelled = True
    uses = frozenset({"voters"})
    explanation = (
        "An image got the label that most labellers voted for. Beside it is the labelled image that"
        " the first of them names."
    )

    def fit(
        self, reference: np.ndarray, labels: np.ndarray, unlabelled: np.ndarray | None = None
    ) -> VoteLabeller:
        """Fit each voter. A voter that looks at all unlabelled embeddings together gets them."""
        super().fit(reference, labels)
        self._voters = [
            voter for name in self.setting.voters for voter in self._voters_called(name)
        ]
        self._of_unlabelled: list[_Opinion] = []
        if unlabelled is not None:
            guesses = self._guesses(unlabelled)
            self._of_unlabelled = [
                voter.opinion_together(unlabelled, guesses) for voter in self._voters
            ]
        return self

    def label_unlabelled(self) -> Labels:
        """Label what `fit` got."""
        assert self._of_unlabelled, "fit got no unlabelled embeddings"
        return self._count(self._of_unlabelled)

    def unlabelled_probabilities(self) -> np.ndarray:
        """Give the share of the votes for each class, of what `fit` got."""
        assert self._of_unlabelled, "fit got no unlabelled embeddings"
        return self._shares([each.labels for each in self._of_unlabelled])

    def label(self, embeddings: np.ndarray) -> Labels:
        """Label new embeddings, each by itself."""
        return self._count([voter.opinion(embeddings) for voter in self._voters])

    def probabilities(self, embeddings: np.ndarray) -> np.ndarray:
        """Give the share of the votes for each class."""
        seen = [(voter.labeller, embeddings[:, voter.columns]) for voter in self._voters]
        return self._shares([labeller.label(rows) for labeller, rows in seen])

    def in_graph(self) -> Graph:
        """The voters and their vote in TensorFlow."""
        if type(self) is not VoteLabeller:
            return super().in_graph()  # a class that inherits from this one may label otherwise
        return self._graph_of(lambda labeller: labeller.in_graph())

    def in_portable_graph(self) -> Graph:
        """The vote of the voters' portable graphs."""
        if type(self) is not VoteLabeller:
            return self.in_graph()
        return self._graph_of(lambda labeller: labeller.in_portable_graph())

    def in_keras(self, layers: Any) -> Any:
        """The voters and their vote as layers of Keras."""
        if type(self) is not VoteLabeller:
            return super().in_keras(layers)
        return layers.vote(
            [(each.labeller.in_keras(layers), each.columns) for each in self._voters]
        )

    def _graph_of(self, graph_of: Callable[[Labeller], Graph]) -> Graph:
        from keras_selflearn.labelling.vote_in_graph import of_columns, vote_graph

        return vote_graph(
            [of_columns(graph_of(voter.labeller), voter.columns) for voter in self._voters]
        )

    @classmethod
    def check_arrays(
        cls, arrays: Mapping[str, np.ndarray], setting: Setting, embedding_size: int
    ) -> None:
        """See `Labeller.check_arrays`: each voter must be able to use them."""
        for name in setting.voters:
            labeller_class(name).check_arrays(arrays, setting, embedding_size)

    def _voters_called(self, name: str) -> list[_Voter]:
        """The voters for new images that are labellers of this name."""
        kind = labeller_class(name)
        if not kind.needs_reference:
            nobody = self.reference[:0], self.labels[:0]
            return [_Voter(kind(self.setting).fit(*nobody), slice(None))]
        voters = []
        for place, columns in enumerate(self._columns()):
            # What can label without the head does so, or the head would have two votes.
            memory = self.setting.memory.of(place)
            labeller = kind(replace(self.setting, head=None, memory=memory))
            voters.append(_Voter(labeller.fit(self.reference[:, columns], self.labels), columns))
        return voters

    def _columns(self) -> list[slice]:
        """The columns of each network."""
        ends = [int(end) for end in np.cumsum(self.setting.columns_of_networks)]
        return [slice(*each) for each in zip([0, *ends], ends)] or [slice(None)]

    def _guesses(self, unlabelled: np.ndarray) -> np.ndarray | None:
        """What a head that learned from pseudo-labels says (n, n_classes) of the embeddings."""
        if self.setting.head is None or not self.setting.later_round:
            return None
        (head,) = self._voters_called("softmax")
        return head.labeller.probabilities(unlabelled)

    def _count(self, opinions: list[_Opinion]) -> Labels:
        votes = self._votes([each.labels for each in opinions])
        means = sum(each.probabilities for each in opinions) / len(opinions)
        # A half of a mean is less than a vote, so that it decides between equals alone.
        winner = (votes + means / 2).argmax(axis=1)
        nearest = np.full(len(winner), -1)
        for given in reversed([each.labels for each in opinions]):
            names_one = (given.labels == winner) & (given.nearest >= 0)
            nearest = np.where(names_one, given.nearest, nearest)
        share = votes[np.arange(len(winner)), winner] / len(opinions)
        return Labels(winner, share.astype(np.float64), nearest)

    def _shares(self, labels: list[Labels]) -> np.ndarray:
        votes = self._votes(labels)
        return votes / votes.sum(axis=1, keepdims=True)

    def _votes(self, labels: list[Labels]) -> np.ndarray:
        """Count the votes (n, n_classes) float32."""
        votes = np.zeros((len(labels[0].labels), self.setting.n_classes), np.float32)
        for given, *_ in labels:
            voting = np.flatnonzero(given >= 0)
            votes[voting, given[voting]] += 1
        return votes
