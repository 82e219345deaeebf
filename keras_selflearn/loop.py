"""Self-learning: the paper's figure 1.

initial weights -> fine-tune on labelled data
    -> label the unlabelled data, merge the top p % into the labelled -> re-train -> repeat

The authors' public code has the two steps of a meta-iteration the other way round: it re-trains,
then labels and merges.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Callable, Protocol

import numpy as np

from keras_selflearn.trust import check_selected

UNLABELLED = -1
ORDERS = ("label-first", "train-first")


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

    def train(self, examples: Examples, meta_iteration: int) -> tuple[float, int]:
        """Go on training on the labelled examples; the last epoch's mean loss, gradient steps."""

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
        How many pseudo-labels this meta-iteration chose: label-first `labelled` counts them,
        train-first only the next one does.
    remaining : int
        How many are still unlabelled.
    gradient_steps : int
        Mini-batches that the network was trained on in this meta-iteration.
    loss : float
        Mean training loss of the last epoch.
    validation_accuracy : float or None
        Percent, after training; None where it was not measured.
    selected_accuracy, unlabelled_accuracy : float or None
        Percent of right labels among those selected, and among all that were predicted: by the
        network before this meta-iteration's training if label-first, after it if train-first;
        None where nothing was predicted or the true labels are not known.
    """

    meta_iteration: int
    labelled: int
    selected: int
    remaining: int
    gradient_steps: int
    loss: float
    validation_accuracy: float | None
    selected_accuracy: float | None
    unlabelled_accuracy: float | None


@dataclass
class Position:
    """Where a run is: what is done of a meta-iteration.

    Attributes
    ----------
    meta_iteration : int
    steps : int
        How many of its steps, of which training and labelling are two, are done.
    results : dict
        What they gave, by the names of a `Record`.
    """

    meta_iteration: int = 0
    steps: int = 0
    results: dict[str, Any] = field(default_factory=dict)

    def advance(self) -> None:
        """Go to the start of the next meta-iteration."""
        self.meta_iteration += 1
        self.steps = 0
        self.results = {}


def self_learning(
    learner: Learner,
    examples: Examples,
    *,
    meta_iterations: int,
    select: Callable[[np.ndarray, np.ndarray], np.ndarray],
    order: str = "label-first",
    evaluate_every: int = 1,
    true_labels: np.ndarray | None = None,
    position: Position | None = None,
) -> Iterator[Record]:
    """Fine-tune, then label, merge and re-train, `meta_iterations` times or until all is labelled.

    Parameters
    ----------
    learner : Learner
    examples : Examples
        Changed in place as pseudo-labels join.
    meta_iterations : int
        0 trains on the initial labels only.
    select : callable
        `select(labels, confidence)` gives the positions of the predictions to keep.
    order : "label-first" or "train-first"
        Of a meta-iteration. `label-first` (the paper) labels, merges and re-trains. `train-first`
        (the authors' code) re-trains, labels and merges: the initial labels are trained on twice
        before the first selection, and the last selection is never trained on.
    evaluate_every : int
        Measure the validation accuracy in meta-iterations 0, k, 2k, ... and in the last.
    true_labels : (n,) integers, optional
        Used for nothing but the two accuracies of pseudo-labels in the records, which leave out
        those that are `UNLABELLED`.
    position : Position, optional
        Where to go on from, kept up to date: with `examples` and the learner's state it is all
        that another process needs to go on. By default the start.

    Yields
    ------
    Record
        One after the fine-tuning and one after each meta-iteration.

    Raises
    ------
    UntrustworthyError
        When `select` keeps none.
    """

    def train(meta_iteration: int) -> dict[str, Any]:
        labelled = len(examples.labelled)
        loss, gradient_steps = learner.train(examples, meta_iteration)
        return {"labelled": labelled, "gradient_steps": gradient_steps, "loss": loss}

    def label_and_merge(meta_iteration: int) -> dict[str, Any]:
        unlabelled = examples.unlabelled
        predicted, confidence = learner.label(unlabelled)
        kept = select(predicted, confidence)
        check_selected(len(kept), len(predicted), meta_iteration)
        chosen = unlabelled[kept]
        examples.merge(chosen, predicted[kept], confidence[kept], meta_iteration)
        return {
            "selected": len(chosen),
            "selected_accuracy": _agreement(predicted[kept], true_labels, chosen),
            "unlabelled_accuracy": _agreement(predicted, true_labels, unlabelled),
        }

    def measure(meta_iteration: int) -> dict[str, Any]:
        remaining = len(examples.unlabelled)
        is_last = meta_iteration == meta_iterations or not remaining
        due = is_last or meta_iteration % evaluate_every == 0
        accuracy = learner.validation_accuracy() if due else None
        return {"remaining": remaining, "validation_accuracy": accuracy}

    position = position or Position()
    nothing = {"selected": 0, "selected_accuracy": None, "unlabelled_accuracy": None}
    fine_tuning = (train, lambda _: nothing, measure)
    orders = {
        "label-first": (label_and_merge, train, measure),
        "train-first": (train, label_and_merge, measure),
    }
    while position.meta_iteration <= meta_iterations:
        if position.meta_iteration and not position.steps and not len(examples.unlabelled):
            return
        for step in (orders[order] if position.meta_iteration else fine_tuning)[position.steps :]:
            position.results.update(step(position.meta_iteration))
            position.steps += 1
        record = Record(position.meta_iteration, **position.results)
        position.advance()
        yield record


def _agreement(
    labels: np.ndarray, true_labels: np.ndarray | None, indices: np.ndarray
) -> float | None:
    if true_labels is None:
        return None
    known = true_labels[indices] != UNLABELLED
    if not known.any():
        return None
    return 100 * int(np.sum((labels == true_labels[indices])[known])) / int(known.sum())
