"""How pseudo-labels are chosen, how often, and when a run is measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from keras_selflearn.console.errors import InputError
from keras_selflearn.console.option import Options, option
from keras_selflearn.selflearning.selection import SELECTIONS
from keras_selflearn.selflearning.shares import is_list, shares_of
from keras_selflearn.selflearning.state import ORDERS

PSEUDO_LABELS = ("kept", "revised")
KEEPS = ("last", "best")


def self_learns(options: Any) -> bool:
    """Whether the run is one of self-learning."""
    return options.regime == "self-learning"


def has_meta_iterations(options: Any) -> bool:
    """Whether the run trains on pseudo-labels."""
    return self_learns(options) and options.meta_iterations != 0


@dataclass(frozen=True)
class SelfLearningOptions(Options):
    """Meta-iterations, and the selection of pseudo-labels in each."""

    GROUP = "self-learning"

    meta_iterations: int | None = option(
        None,
        "Number of meta-iterations: label, select, merge and re-train.",
        least=0,
        of_data_set=True,
        used=self_learns,
    )
    selection_percent: float | str | None = option(
        None,
        "Share of unlabelled images that a meta-iteration selects; 20,40,60: a share for each.",
        above=0,
        most=100,
        unit="percent",
        check=shares_of,
        of_data_set=True,
        used=has_meta_iterations,
    )
    selection: str = option(
        "global",
        "Selection of the most confident: global, stratified (per class), equal (authors' code).",
        choices=SELECTIONS,
        used=has_meta_iterations,
    )
    min_confidence: float | None = option(
        None,
        "Least confidence of a pseudo-label: a probability, or minus a distance (-0.5).",
        without="no limit",
        used=has_meta_iterations,
    )
    pseudo_labels: str = option(
        "kept",
        "Pseudo-labels of earlier meta-iterations: kept (the paper), or revised (given anew).",
        choices=PSEUDO_LABELS,
        used=has_meta_iterations,
    )
    order: str = option(
        "label-first",
        "Order in a meta-iteration: label-first (the paper's figure 1) or train-first.",
        choices=ORDERS,
        used=self_learns,
    )
    evaluate_every: int = option(
        1,
        "Meta-iterations from one measurement of the test set to the next.",
        least=1,
        measures=True,
    )


def check_shares(options: Any) -> None:
    """Raise an `InputError` for a list of shares that the meta-iterations can't use."""
    if not options.meta_iterations or not is_list(options.selection_percent):
        return
    if options.pseudo_labels != "revised":
        raise InputError(
            f"selection_percent is {options.selection_percent!r}, shares of all unlabelled images,"
            f" and pseudo_labels is '{options.pseudo_labels}': give pseudo_labels 'revised', so"
            " that all are labelled anew, or a single number."
        )
    shares = len(shares_of(options.selection_percent))
    if shares > options.meta_iterations:
        raise InputError(
            f"selection_percent lists {shares} shares, and meta_iterations is"
            f" {options.meta_iterations}: give at least {shares} meta_iterations, or fewer shares."
        )


@dataclass(frozen=True)
class CrossValidationOptions(Options):
    """Cross-validation on the labelled images."""

    GROUP = "self-learning"

    folds: int | None = option(
        None,
        "Folds of cross-validation on the labelled images; 0: none.",
        least=0,
        without="3 without test images or with --train=head, else 0",
    )
    keep: str = option(
        "last",
        "Model to keep: last, or best (from before self-learning if the folds measured a loss).",
        choices=KEEPS,
        used=has_meta_iterations,
    )
    accuracy: float | None = option(
        None,
        "Expected share of right ones among the predicted labels; the others stay blank.",
        above=0,
        below=1,
        without="all labels are written",
        measures=True,
    )
    early_stop: bool = option(
        False, "End at the meta-iteration where the cross-validated accuracy stops rising."
    )

    def check_folds(self) -> None:
        """Raise an `InputError` for folds that `early_stop`, `keep` or `accuracy` can't use."""
        needs = "--early_stop" if self.early_stop else "--keep=best" if self.keep == "best" else ""
        needs = needs or ("--accuracy" if self.accuracy is not None else "")
        if self.folds == 1 or needs and self.folds == 0:
            raise InputError(
                f"--folds is {self.folds}: give at least 2 for cross-validation"
                f"{f', which {needs} needs' if needs else ', or 0 for none'}."
            )
