"""A head first, and then the whole network on the labels that the head gives."""

from __future__ import annotations

import numpy as np

from keras_selflearn.labelling.labeller import Labels
from keras_selflearn.network.model import Network
from keras_selflearn.selflearning.examples import Examples
from keras_selflearn.selflearning.learner import LearnerState
from keras_selflearn.training.embedding_labelling import EmbeddingLabelling
from keras_selflearn.training.head_learner import HeadLearner
from keras_selflearn.training.learner import KerasLearner

_IS_WHOLE = "trains the network"


class HeadThenAllLearner:
    """Trains a head in the first meta-iterations, and the whole network in all later ones.

    Whatever was trained last labels, and is measured.

    Parameters
    ----------
    head : HeadLearner or KerasLearner
        Trains a head, or a linear embedding of features.
    whole : KerasLearner
        Its attribute `first` is the meta-iteration from which on it is trained, at least 1.
    """

    def __init__(self, head: HeadLearner | KerasLearner, whole: KerasLearner) -> None:
        self._head = head
        self._whole = whole
        self._last: HeadLearner | KerasLearner = head

    @property
    def network(self) -> Network:
        """The network that was trained last."""
        return self._last.network

    @property
    def labelling(self) -> EmbeddingLabelling:
        """How it labels."""
        return self._last.labelling

    @property
    def test_embeddings(self) -> np.ndarray | None:
        """The embeddings of the test images at the last measurement."""
        return self._last.test_embeddings

    @property
    def test_predictions(self) -> Labels | None:
        """The labels that they got."""
        return self._last.test_predictions

    def train(self, examples: Examples, meta_iteration: int) -> tuple[float, int]:
        """Do a training, or the rest of one that has begun: see `Learner.train`."""
        self._last = self._whole if meta_iteration >= self._whole.first else self._head
        return self._last.train(examples, meta_iteration)

    def label(self, indices: np.ndarray) -> tuple[np.ndarray, ...]:
        """Label these training images: see `Learner.label`."""
        return self._last.label(indices)

    def test_accuracy(self) -> float | None:
        """Per cent of the test set labelled right; None without a test set."""
        return self._last.test_accuracy()

    def embed(self, indices: np.ndarray) -> np.ndarray:
        """Return the embeddings (k, d) float32 of these training images."""
        return self._last.embed(indices)

    def state(self) -> LearnerState:
        """Return the state of what was trained last, or is in training."""
        state = self._last.state()
        return LearnerState({**state.numbers, _IS_WHOLE: self._last is self._whole}, state.arrays)

    def restore(self, state: LearnerState, examples: Examples, meta_iteration: int | None) -> None:
        """Go on as the learner would have whose `state` this is: see `Learner.restore`."""
        is_whole = state.numbers[_IS_WHOLE]
        too_early = meta_iteration is not None and meta_iteration < self._whole.first
        if type(is_whole) is not bool or is_whole and too_early:
            raise ValueError(f"what it trained can't be {is_whole}")
        last = self._whole if is_whole else self._head
        last.restore(state, examples, meta_iteration)
        self._last = last
