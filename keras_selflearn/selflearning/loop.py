"""Self-learning: the paper's figure 1.

initial weights -> fine-tune on labelled data
    -> label the unlabelled data, merge the top p % into the labelled -> re-train -> repeat

The authors' public code has the two steps of a meta-iteration the other way round: it re-trains,
then labels and merges.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Callable, Protocol

import numpy as np

from keras_selflearn.selflearning.trust import check_selected

UNLABELLED = -1
# In the place of a label: neither trained on nor labelled.
LEFT_OUT = -2
ORDERS = ("label-first", "train-first")


@dataclass
class Examples:
    """What is known of each training example.

    Attributes
    ----------
    labels : (n,) int64
        The class, given or predicted, or `UNLABELLED`, or `LEFT_OUT`.
    labelled_in : (n,) int64
        0 for an initial label, else the meta-iteration in which it was pseudo-labelled, or -1.
    confidence : (n,) float64
        That of the pseudo-label when it was chosen; NaN for the others.
    matched : (n,) int64
        The labelled example that it was nearest to then, or -1.
    """

    labels: np.ndarray
    labelled_in: np.ndarray
    confidence: np.ndarray
    matched: np.ndarray

    @classmethod
    def from_labels(cls, labels: np.ndarray) -> Examples:
        """The start: `labels` is (n,) integers, `UNLABELLED` where the label is not known."""
        labels = np.array(labels, np.int64)
        labelled_in = np.where(labels < 0, -1, 0)
        return cls(labels, labelled_in, np.full(len(labels), np.nan), np.full(len(labels), -1))

    @property
    def labelled(self) -> np.ndarray:
        """(k,) int64, the indices of all that have a label, given or predicted."""
        return np.flatnonzero(self.labels >= 0)

    @property
    def unlabelled(self) -> np.ndarray:
        """The indices of all that remain."""
        return np.flatnonzero(self.labels == UNLABELLED)

    @property
    def initially_labelled(self) -> np.ndarray:
        """The indices of those whose label was given."""
        return np.flatnonzero(self.labelled_in == 0)

    def merge(
        self,
        indices: np.ndarray,
        labels: np.ndarray,
        confidence: np.ndarray,
        matched: np.ndarray,
        meta_iteration: int,
    ) -> None:
        """Add pseudo-labels to the training set."""
        self.labels[indices] = labels
        self.labelled_in[indices] = meta_iteration
        self.confidence[indices] = confidence
        self.matched[indices] = matched


class Learner(Protocol):
    """What the loop needs of a network: `keras_selflearn.training.learner.KerasLearner` has it."""

    def train(self, examples: Examples, meta_iteration: int) -> tuple[float, int]:
        """Go on training on the labelled examples; the last epoch's mean loss, gradient steps."""

    def label(self, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Labels, confidences, larger is surer, and matches, each (k,), of these examples.

        A match is the nearest labelled example of that label, or -1 where none is compared with.
        """

    def test_accuracy(self) -> float | None:
        """Percent of the test set labelled right; None without a test set."""


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
    test_accuracy : float or None
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
    test_accuracy: float | None
    selected_accuracy: float | None
    unlabelled_accuracy: float | None


_COUNTS = ("meta_iteration", "labelled", "selected", "remaining", "gradient_steps")
# What the steps of a meta-iteration give of its record.
_GIVEN = {
    "train": {"labelled", "gradient_steps", "loss"},
    "label": {"selected", "selected_accuracy", "unlabelled_accuracy"},
    "measure": {"remaining", "test_accuracy"},
}


def check_figures(figures: Mapping[str, Any]) -> None:
    """Raise a `ValueError` for a figure that can't be that of its name in a `Record`."""
    for name, value in figures.items():
        if name in _COUNTS:
            is_right = type(value) is int and value >= 0
        else:
            is_number = type(value) in (int, float) and math.isfinite(value)
            is_right = is_number or value is None and name != "loss"
        if not is_right:
            raise ValueError(f"{name} can't be {value!r}")


@dataclass
class Position:
    """Where a run is: what is done of a meta-iteration.

    Attributes
    ----------
    meta_iteration : int
    steps : int
        How many of its steps are done.
    results : dict
        What they gave, by the names of a `Record`.
    ended : bool
        Whether no further meta-iteration may begin: in the last none was sure enough.
    """

    meta_iteration: int = 0
    steps: int = 0
    results: dict[str, Any] = field(default_factory=dict)
    ended: bool = False

    def left(self, order: str) -> tuple[str, ...]:
        """The names of the steps that are left of it: "train", "label", "measure"."""
        label_first = order == "label-first" and self.meta_iteration > 0
        steps = ("label", "train") if label_first else ("train", "label")
        return (*steps, "measure")[self.steps :]

    def check(self, order: str) -> None:
        """Raise a `ValueError` unless a run of this order can be there."""
        counts = (self.meta_iteration, self.steps)
        if not all(type(count) is int and count >= 0 for count in counts) or self.steps > 2:
            raise ValueError(f"a run can't be at step {self.steps} of {self.meta_iteration}")
        if type(self.ended) is not bool or self.ended and (self.steps or not self.meta_iteration):
            raise ValueError(f"a run can't have ended at step {self.steps}")
        check_figures(self.results)
        done = _GIVEN.keys() - {*self.left(order)}
        if {*self.results} != set().union(*(_GIVEN[step] for step in done)):
            raise ValueError(f"{self.steps} steps can't have given {[*self.results]}")

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
    min_confidence: float | None = None,
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
    min_confidence : float, optional
        Keep none that are less sure than this; a meta-iteration without any is the last.
    order : "label-first" or "train-first"
        Of a meta-iteration. `label-first` (the paper) labels, merges and re-trains. `train-first`
        (the authors' code) re-trains, labels and merges: the initial labels are trained on twice
        before the first selection, and the last selection is never trained on.
    evaluate_every : int
        Measure the test accuracy in meta-iterations 0, k, 2k, ... and in the last.
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
    position = position or Position()

    def train(meta_iteration: int) -> dict[str, Any]:
        labelled = len(examples.labelled)
        loss, gradient_steps = learner.train(examples, meta_iteration)
        return {"labelled": labelled, "gradient_steps": gradient_steps, "loss": loss}

    def label_and_merge(meta_iteration: int) -> dict[str, Any]:
        if not meta_iteration:
            return {"selected": 0, "selected_accuracy": None, "unlabelled_accuracy": None}
        unlabelled = examples.unlabelled
        predicted, confidence, matched = learner.label(unlabelled)
        kept = select(predicted, confidence)
        check_selected(len(kept), len(predicted), meta_iteration)
        if min_confidence is not None:
            kept = kept[confidence[kept] >= min_confidence]
        chosen = unlabelled[kept]
        examples.merge(chosen, predicted[kept], confidence[kept], matched[kept], meta_iteration)
        return {
            "selected": len(chosen),
            "selected_accuracy": _agreement(predicted[kept], true_labels, chosen),
            "unlabelled_accuracy": _agreement(predicted, true_labels, unlabelled),
        }

    def none_sure_enough() -> bool:
        return position.meta_iteration > 0 and position.results["selected"] == 0

    def measure(meta_iteration: int) -> dict[str, Any]:
        remaining = len(examples.unlabelled)
        is_last = meta_iteration == meta_iterations or not remaining or none_sure_enough()
        due = is_last or meta_iteration % evaluate_every == 0
        accuracy = learner.test_accuracy() if due else None
        return {"remaining": remaining, "test_accuracy": accuracy}

    steps = {"train": train, "label": label_and_merge, "measure": measure}
    while position.meta_iteration <= meta_iterations and not position.ended:
        if position.meta_iteration and not position.steps and not len(examples.unlabelled):
            return
        for name in position.left(order):
            position.results.update(steps[name](position.meta_iteration))
            position.steps += 1
        record = Record(position.meta_iteration, **position.results)
        position.ended = none_sure_enough()
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
