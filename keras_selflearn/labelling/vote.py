"""Label as most of several labellers do: the mean of their hard votes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from keras_selflearn.labelling import labeller_class
from keras_selflearn.labelling.labeller import Graph, Labeller, Labels, Setting


class _Opinion(NamedTuple):
    """What one voter says: `Labels`, and probabilities (n, n_classes)."""

    labels: Labels
    probabilities: np.ndarray


class VoteLabeller(Labeller):
    """The class with most votes, and its share of the votes (Zhang et al. 2025).

    Each voter has one vote for each image: its label, whatever its confidence. If classes have
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
        self._voters = [self._voter(name) for name in self.setting.voters]
        self._of_unlabelled: Labels | None = None
        if unlabelled is not None:
            self._of_unlabelled = self._count(
                [
                    self._together(voter, unlabelled)
                    if voter.needs_unlabelled
                    else _Opinion(voter.label(unlabelled), voter.probabilities(unlabelled))
                    for voter in self._voters
                ]
            )
        return self

    def label_unlabelled(self) -> Labels:
        """Label what `fit` got."""
        assert self._of_unlabelled is not None, "fit got no unlabelled embeddings"
        return self._of_unlabelled

    def label(self, embeddings: np.ndarray) -> Labels:
        """Label new embeddings, each by itself."""
        return self._count(
            [
                _Opinion(each.label(embeddings), each.probabilities(embeddings))
                for each in self._voters
            ]
        )

    def probabilities(self, embeddings: np.ndarray) -> np.ndarray:
        """Give the share of the votes for each class."""
        votes = self._votes([voter.label(embeddings) for voter in self._voters])
        return votes / votes.sum(axis=1, keepdims=True)

    def in_graph(self) -> Graph:
        """The voters and their vote in TensorFlow."""
        if type(self) is not VoteLabeller:
            return super().in_graph()  # a class that inherits from this one may label otherwise
        from keras_selflearn.labelling.vote_in_graph import vote_graph

        return vote_graph([voter.in_graph() for voter in self._voters])

    @classmethod
    def check_arrays(
        cls, arrays: Mapping[str, np.ndarray], setting: Setting, embedding_size: int
    ) -> None:
        """See `Labeller.check_arrays`: each voter must be able to use them."""
        for name in setting.voters:
            labeller_class(name).check_arrays(arrays, setting, embedding_size)

    def _voter(self, name: str) -> Labeller:
        """A voter for new images."""
        kind = labeller_class(name)
        # What can label without the head does so, or the head would have two votes.
        setting = self.setting if kind.needs_logits else replace(self.setting, head=None)
        seen = slice(None if kind.needs_reference else 0)
        return kind(setting).fit(self.reference[seen], self.labels[seen])

    def _together(self, voter: Labeller, unlabelled: np.ndarray) -> _Opinion:
        fitted = type(voter)(self.setting).fit(self.reference, self.labels, unlabelled)
        return _Opinion(fitted.label_unlabelled(), fitted.unlabelled_probabilities())

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

    def _votes(self, labels: list[Labels]) -> np.ndarray:
        """Count the votes (n, n_classes) float32."""
        votes = np.zeros((len(labels[0].labels), self.setting.n_classes), np.float32)
        for given, *_ in labels:
            voting = np.flatnonzero(given >= 0)
            votes[voting, given[voting]] += 1
        return votes
