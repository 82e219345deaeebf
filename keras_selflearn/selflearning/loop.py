"""Self-learning: figure 1 of the paper.

initial weights -> train on the labelled images
    -> label the unlabelled images, merge the surest p % into the labelled ones -> train -> repeat

The authors' public code swaps the two steps of a meta-iteration: it trains, then labels and merges.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Callable

import numpy as np

from keras_selflearn.selflearning.examples import UNLABELLED, Examples
from keras_selflearn.selflearning.learner import Learner
from keras_selflearn.selflearning.state import RunState
from keras_selflearn.selflearning.trust import check_selected


def keep_all(examples: Examples) -> Examples:
    """Take no pseudo-label back."""
    return examples


def self_learning(
    state: RunState,
    learner: Learner,
    *,
    meta_iterations: int,
    select: Callable[[np.ndarray, np.ndarray, int], np.ndarray],
    min_confidence: float | None = None,
    order: str = "label-first",
    evaluate_every: int = 1,
    true_labels: np.ndarray | None = None,
    before_labelling: Callable[[Examples], Examples] = keep_all,
) -> Iterator[RunState]:
    """Train, then label, merge and train, `meta_iterations` times or until all is labelled.

    Parameters
    ----------
    state : RunState
        The start, `RunState(examples)`, or any state of a run, with the learner as it was then.
    learner : Learner
    meta_iterations : int
        0 trains on the given labels only.
    select : callable
        `select(labels, confidence, meta_iteration)` returns the positions of the predictions to
        keep.
    min_confidence : float, optional
        Keep no prediction below this confidence. A meta-iteration that keeps none is the last.
    order : "label-first" or "train-first"
        The order of a meta-iteration's steps. `label-first` (the paper) labels, merges and trains.
        `train-first` (the authors' code) trains, labels and merges: it trains on the given labels
        twice before the first selection, and never on the last selection.
    evaluate_every : int
        Measure the test accuracy in meta-iterations 0, k, 2k, ... and in the last.
    true_labels : (n,) integers, optional
        Used for nothing but the two accuracies of pseudo-labels in the records. These leave out
        images whose true label is `UNLABELLED`.
    before_labelling : callable, optional
        `before_labelling(examples)` returns the examples whose unlabelled images are labelled
        next. It may take pseudo-labels back, so that they are given anew. By default none is.

    Yields
    ------
    RunState
        One after each step of a meta-iteration; after its last step the history has its record.

    Raises
    ------
    UntrustworthyError
        When `select` keeps none.
    """

    def train(state: RunState) -> tuple[Examples, dict[str, Any]]:
        examples = state.examples
        loss, gradient_steps = learner.train(examples, state.position.meta_iteration)
        figures = {"labelled": len(examples.labelled), "gradient_steps": gradient_steps}
        return examples, {**figures, "loss": loss}

    def label_and_merge(state: RunState) -> tuple[Examples, dict[str, Any]]:
        meta_iteration = state.position.meta_iteration
        if not meta_iteration:
            none = dict.fromkeys(("selected_accuracy", "unlabelled_accuracy", "flipped"))
            return state.examples, {**none, "selected": 0}
        examples = before_labelling(state.examples)
        unlabelled = examples.unlabelled
        labels, confidence, nearest, *soft = learner.label(unlabelled)
        known = np.flatnonzero(labels != UNLABELLED)
        kept = known[select(labels[known], confidence[known], meta_iteration)]
        check_selected(len(kept), len(labels), meta_iteration, is_reached=len(known) > 0)
        if min_confidence is not None:
            kept = kept[confidence[kept] >= min_confidence]
        indices = unlabelled[kept]
        merged = examples.merge(
            indices,
            labels[kept],
            confidence[kept],
            nearest[kept],
            meta_iteration,
            *(probabilities[kept] for probabilities in soft),
        )
        return merged, {
            "selected": len(kept),
            "selected_accuracy": _agreement(labels[kept], true_labels, indices),
            "unlabelled_accuracy": _agreement(labels, true_labels, unlabelled),
            "flipped": examples.n_flips(indices, labels[kept]),
        }

    def measure(state: RunState) -> tuple[Examples, dict[str, Any]]:
        number, examples = state.position.meta_iteration, state.examples
        none_was_sure = number > 0 and state.position.results["selected"] == 0
        is_last = number == meta_iterations or none_was_sure or nothing_left(examples)
        due = is_last or number % evaluate_every == 0
        accuracy = learner.test_accuracy() if due else None
        return examples, {"remaining": len(examples.unlabelled), "test_accuracy": accuracy}

    def nothing_left(examples: Examples) -> bool:
        return len(before_labelling(examples).unlabelled) == 0

    def is_over(state: RunState) -> bool:
        position = state.position
        between = position.meta_iteration > 0 and position.steps == 0
        return between and (
            position.meta_iteration > meta_iterations
            or state.none_was_sure
            or nothing_left(state.examples)
        )

    steps = {"train": train, "label": label_and_merge, "measure": measure}
    while not is_over(state):
        step = steps[state.position.steps_left(order)[0]]
        state = state.after_step(*step(state))
        yield state


def _agreement(
    labels: np.ndarray, true_labels: np.ndarray | None, indices: np.ndarray
) -> float | None:
    """Return the per cent of right labels among those whose true label is known."""
    if true_labels is None:
        return None
    known = true_labels[indices] != UNLABELLED
    if not known.any():
        return None
    return 100 * int(np.sum((labels == true_labels[indices])[known])) / int(known.sum())
