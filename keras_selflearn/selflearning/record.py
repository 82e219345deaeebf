"""What happened in one meta-iteration."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Record:
    """The figures of one meta-iteration. Number 0 is the training on the given labels.

    Attributes
    ----------
    meta_iteration : int
    labelled : int
        Size of the training set of this meta-iteration's training.
    selected : int
        Number of pseudo-labels that this meta-iteration selected. With the order `label-first`
        `labelled` counts them; with `train-first` the next meta-iteration's does.
    remaining : int
        Number of images that have no label yet.
    gradient_steps : int
        Number of batches in this meta-iteration's training.
    loss : float
        Mean training loss of the last epoch.
    test_accuracy : float or None
        The per cent of the test set that is labelled right after the training. None if it was not
        measured.
    selected_accuracy, unlabelled_accuracy : float or None
        The per cent of right labels among the selected pseudo-labels, and among all predicted
        labels. With `label-first` the network before this meta-iteration's training predicts them,
        with `train-first` the network after it. None if nothing was predicted or no true label is
        known.
    flipped : int or None
        Number of the selected pseudo-labels that differ from the last pseudo-label of their image.
        None if none of these images had one before, as where pseudo-labels are kept.
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
    flipped: int | None = None

    def figures(self) -> dict[str, Any]:
        """Return all figures by name; `flipped` is left out where it is None."""
        found = asdict(self)
        if self.flipped is None:
            del found["flipped"]
        return found


_COUNTS = ("meta_iteration", "labelled", "selected", "remaining", "gradient_steps")


def check_figures(figures: Mapping[str, Any]) -> None:
    """Raise a `ValueError` for a value that a `Record` can't have under its name."""
    for name, value in figures.items():
        if name in _COUNTS or name == "flipped" and value is not None:
            is_right = type(value) is int and value >= 0
        else:
            is_number = type(value) in (int, float) and math.isfinite(value)
            is_right = is_number or value is None and name != "loss"
        if not is_right:
            raise ValueError(f"{name} can't be {value!r}")
