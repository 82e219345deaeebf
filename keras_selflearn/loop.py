"""Self-learning: the paper's figure 1.

initial weights -> fine-tune on labelled data
    -> label the unlabelled data, merge the top p % into the labelled -> re-train -> repeat
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Callable, Protocol

import numpy as np

UNLABELLED = -1


@dataclass
class Examples:
    """What is known of each training example.

    Attributes
    ----------
    labels : (n,) int64
        The class, given or predicted, or `UNLABELLED`.
    labelled_in : (n,) int64
        0 for an initial label, else the meta-iteration in which it was pseudo-labelled, or -1.
    confidence : (n,) float64
        That of the pseudo-label when it was chosen; NaN for the others.
    """

    labels: np.ndarray
    labelled_in: np.ndarray
    confidence: np.ndarray

    @classmethod
    def from_labels(cls, labels: np.ndarray) -> Examples:
        """The start: `labels` is (n,) integers, `UNLABELLED` where the label is not known."""
        labels = np.array(labels, np.int64)
        labelled_in = np.where(labels == UNLABELLED, -1, 0)
        return cls(labels, labelled_in, np.full(len(labels), np.nan))

    @property
    def labelled(self) -> np.ndarray:
        """(k,) int64, the indices of all that have a label, given or predicted."""
        return np.flatnonzero(self.labels != UNLABELLED)

    @property
    def unlabelled(self) -> np.ndarray:
        """(n - k,) int64, the indices of all that remain."""
        return np.flatnonzero(self.labels == UNLABELLED)

    @property
    def initially_labelled(self) -> np.ndarray:
        """The indices of those whose label was given."""
        return np.flatnonzero(self.labelled_in == 0)

    def merge(
        self, indices: np.ndarray, labels: np.ndarray, confidence: np.ndarray, meta_iteration: int
    ) -> None:
        """Add pseudo-labels to the training set."""
        self.labels[indices] = labels
        self.labelled_in[indices] = meta_iteration
        self.confidence[indices] = confidence


class Learner(Protocol):
    """What the loop needs of a network: `keras_selflearn.learner.KerasLearner` has it."""

    def train(self, examples: Examples, meta_iteration: int) -> float:
        """Go on training on the labelled examples; the mean loss of the last epoch."""

    def label(self, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Labels (k,) and confidences (k,), larger is surer, of these training examples."""

    def validation_accuracy(self) -> float | None:
        """Percent on the validation data, None where there is none."""


@dataclass(frozen=True)
class Record:
    """What happened in one meta-iteration; number 0 is the fine-tuning on the initial labels.

    Attributes
    ----------
    meta_iteration : int
    labelled : int
        Size of the training set that the network was trained on.
    selected : int
        How many pseudo-labels this meta-iteration added to it.
    remaining : int
        How many are still unlabelled.
    loss : float
        Mean training loss of the last epoch.
    validation_accuracy : float or None
        Percent, after training.
    selected_accuracy, unlabelled_accuracy : float or None
        Percent of right labels among those selected, and among all that were predicted;
        None where nothing was predicted or the true labels are not known.
    """

    meta_iteration: int
    labelled: int
    selected: int
    remaining: int
    loss: float
    validation_accuracy: float | None
    selected_accuracy: float | None
    unlabelled_accuracy: float | None


def self_learning(
    learner: Learner,
    examples: Examples,
    *,
    meta_iterations: int,
    select: Callable[[np.ndarray, np.ndarray], np.ndarray],
    true_labels: np.ndarray | None = None,
) -> Iterator[Record]:
    """Fine-tune, then label, select, merge and re-train, `meta_iterations` times or until done.

    Parameters
    ----------
    learner : Learner
    examples : Examples
        Changed in place as pseudo-labels join.
    meta_iterations : int
        0 trains on the initial labels only.
    select : callable
        `select(labels, confidence)` gives the positions of the predictions to keep.
    true_labels : (n,) integers, optional
        Used for nothing but the two accuracies of pseudo-labels in the records, which leave out
        those that are `UNLABELLED`.

    Yields
    ------
    Record
        One after the fine-tuning and one after each meta-iteration.
    """
    nothing = np.empty(0, np.int64)

    def train_and_record(meta_iteration, chosen, remaining, predicted) -> Record:
        loss = learner.train(examples, meta_iteration)
        return Record(
            meta_iteration=meta_iteration,
            labelled=len(examples.labelled),
            selected=len(chosen),
            remaining=len(examples.unlabelled),
            loss=loss,
            validation_accuracy=learner.validation_accuracy(),
            selected_accuracy=_agreement(examples.labels[chosen], true_labels, chosen),
            unlabelled_accuracy=_agreement(predicted, true_labels, remaining),
        )

    yield train_and_record(0, nothing, nothing, nothing)
    for meta_iteration in range(1, meta_iterations + 1):
        remaining = examples.unlabelled
        if not len(remaining):
            return
        predicted, confidence = learner.label(remaining)
        kept = select(predicted, confidence)
        chosen = remaining[kept]
        examples.merge(chosen, predicted[kept], confidence[kept], meta_iteration)
        yield train_and_record(meta_iteration, chosen, remaining, predicted)


def _agreement(
    labels: np.ndarray, true_labels: np.ndarray | None, indices: np.ndarray
) -> float | None:
    if true_labels is None:
        return None
    known = true_labels[indices] != UNLABELLED
    if not known.any():
        return None
    return 100 * int(np.sum((labels == true_labels[indices])[known])) / int(known.sum())
