"""A linear head on features that were computed once, as figure 1 uses it: train, label, measure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_selflearn.console.profiling import stage
from keras_selflearn.console.signals import check_for_stop
from keras_selflearn.labelling.labeller import Labels
from keras_selflearn.labelling.linear_heads import HEADS, LinearHead, blend, say_of_labels
from keras_selflearn.labelling.memory import Memory
from keras_selflearn.network.head_network import HeadNetwork
from keras_selflearn.selflearning.examples import Examples
from keras_selflearn.selflearning.learner import LearnerState
from keras_selflearn.selflearning.trust import check_classes
from keras_selflearn.training.embedding_labelling import EmbeddingLabelling

# All labelled images together weigh a quarter of all pseudo-labelled ones, if they are fewer.
_SHARE = 4


@dataclass(frozen=True)
class HeadChoice:
    """Which head is fitted when; each is one of `HEADS`.

    Attributes
    ----------
    first : str
        The head on the given labels.
    meta : str
        The head of each meta-iteration.
    """

    first: str = "logistic"
    meta: str = "discriminant"


class HeadLearner:
    """Fits a linear head on embeddings, from the beginning each time.

    A head on pseudo-labels is blended with the head on the given labels: see `say_of_labels`.

    Parameters
    ----------
    network : HeadNetwork
        It gets the embedding and each head.
    labelling : EmbeddingLabelling
        How the head labels the training images.
    embeddings : (n, d) float32
        Of the training images.
    n_classes : int
    heads : HeadChoice
    test_data : (embeddings, labels) or None
        (m, d) float32 and (m,) integers from 0 to n_classes - 1, or `UNKNOWN_CLASS`.
    given_weights : (n,) floats or None
        The weight of each image with a given label, by its index. None: 1.

    Attributes
    ----------
    test_embeddings : (m, d) float32 or None
    test_predictions : Labels or None
        What the test images were labelled with at the last measurement.
    """

    def __init__(
        self,
        network: HeadNetwork,
        labelling: EmbeddingLabelling,
        embeddings: np.ndarray,
        *,
        n_classes: int,
        heads: HeadChoice,
        test_data: tuple[np.ndarray, np.ndarray] | None,
        given_weights: np.ndarray | None = None,
    ) -> None:
        self.network = network
        self.labelling = labelling
        self.n_classes = n_classes
        self.test_embeddings = None if test_data is None else test_data[0]
        self.test_predictions: Labels | None = None
        self._embeddings = embeddings
        self._heads = heads
        self._given_weights = given_weights
        self._test_labels = None if test_data is None else test_data[1]
        self._meta_iteration = 0
        self._memory = Memory()

    def train(self, examples: Examples, meta_iteration: int) -> tuple[float, int]:
        """Fit the head; return the mean cross-entropy of what it was fitted on, and no steps.

        Raises
        ------
        UntrustworthyError
            When a class has no labelled example.
        """
        check_for_stop()
        labelled = examples.labelled
        labels = examples.labels[labelled]
        check_classes(labels, self.n_classes, meta_iteration)
        kind = self._heads.meta if meta_iteration else self._heads.first
        with stage("train", images=len(labelled)):
            embeddings = self._embeddings[labelled]
            head = HEADS[kind](
                embeddings, labels, n_classes=self.n_classes, weights=self._weights(examples)
            )
            if len(labelled) > len(examples.initially_labelled):
                say = say_of_labels(len(examples.initially_labelled), self.n_classes)
                head = blend(head, self._head_on_labels(examples), say)
            self._set_head(head)
        self._meta_iteration = meta_iteration
        self.labelling.follow(examples, meta_iteration)
        likelihoods = head.probabilities(embeddings)[np.arange(len(labels)), labels]
        return float(-np.log(np.maximum(likelihoods, np.finfo(np.float32).tiny)).mean()), 0

    def label(self, indices: np.ndarray) -> tuple[np.ndarray, ...]:
        """Label these training images: see `Learner.label`."""
        return self.labelling.label(indices)

    def test_accuracy(self) -> float | None:
        """Per cent of the test set labelled right; None without a test set."""
        if self.test_embeddings is None or self._test_labels is None:
            return None
        labels = self._test_labels
        self.test_predictions, _ = self.labelling.label_test(self.test_embeddings)
        return 100 * int(np.sum(self.test_predictions.labels == labels)) / len(labels)

    def embed(self, indices: np.ndarray) -> np.ndarray:
        """Return the embeddings (k, d) float32 of these training images."""
        return self._embeddings[indices]

    def state(self) -> LearnerState:
        """Return the head, and what it labels by."""
        assert self.network.head is not None
        kernel, bias = self.network.head.get_weights()
        arrays = {"kernel": kernel, "bias": bias, **self.labelling.arrays()}
        return LearnerState({"meta_iteration": self._meta_iteration}, arrays)

    def restore(self, state: LearnerState, examples: Examples, meta_iteration: int | None) -> None:
        """Go on as the learner would have whose `state` this is: see `Learner.restore`."""
        d = self._embeddings.shape[1]
        kernel = state.array("kernel", (d, self.n_classes), np.float32)
        bias = state.array("bias", (self.n_classes,), np.float32)
        done = state.numbers["meta_iteration"]
        if type(done) is not int or not 0 <= done < 2**31:
            raise ValueError(f"meta_iteration can't be {done}")
        compared = self.labelling.read(state, examples, is_trained=meta_iteration != 0)
        self._set_head(LinearHead(kernel, bias))
        self._meta_iteration = done
        self.labelling.refer_to(examples, done, compared)

    def _weights(self, examples: Examples) -> np.ndarray:
        """Give the weight of each labelled example, (k,): a given label weighs more."""
        given = examples.labelled_in[examples.labelled] == 0
        n_given = int(given.sum())
        weight: Any = max(1.0, (len(given) - n_given) / (_SHARE * n_given))
        if self._given_weights is not None:
            weight = weight * self._given_weights[examples.labelled]
        return np.where(given, weight, 1.0)

    def _head_on_labels(self, examples: Examples) -> LinearHead:
        given = examples.initially_labelled
        weights = None if self._given_weights is None else self._given_weights[given]
        return self._memory.once(
            "head on labels",
            (given, examples.labels[given]),
            (),
            lambda: HEADS[self._heads.first](
                self._embeddings[given],
                examples.labels[given],
                n_classes=self.n_classes,
                weights=weights,
            ),
        )

    def _set_head(self, head: LinearHead) -> None:
        self.network.set_head(head.kernel, head.bias)
