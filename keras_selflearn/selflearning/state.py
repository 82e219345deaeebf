"""Where a run stands, as one value that never changes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from keras_selflearn.selflearning.examples import Examples
from keras_selflearn.selflearning.learner import LearnerState
from keras_selflearn.selflearning.record import Record, check_figures

ORDERS = ("label-first", "train-first")
# The figures of a record that each step of a meta-iteration gives.
_FIGURES = {
    "train": {"labelled", "gradient_steps", "loss"},
    "label": {"selected", "selected_accuracy", "unlabelled_accuracy", "flipped"},
    "measure": {"remaining", "test_accuracy"},
}


@dataclass(frozen=True)
class Position:
    """How much of a meta-iteration is done.

    Attributes
    ----------
    meta_iteration : int
    steps : int
        Number of its steps that are done.
    results : dict
        The figures of its record that these steps gave.
    """

    meta_iteration: int = 0
    steps: int = 0
    results: dict[str, Any] = field(default_factory=dict)

    def steps_left(self, order: str) -> tuple[str, ...]:
        """Return the names of the steps that are left: "train", "label", "measure"."""
        label_first = order == "label-first" and self.meta_iteration > 0
        steps = ("label", "train") if label_first else ("train", "label")
        return (*steps, "measure")[self.steps :]

    def check(self, order: str) -> None:
        """Raise a `ValueError` unless a run of this order can be at this position."""
        counts = (self.meta_iteration, self.steps)
        if not all(type(count) is int and count >= 0 for count in counts) or self.steps > 2:
            raise ValueError(f"a run can't be at step {self.steps} of {self.meta_iteration}")
        check_figures(self.results)
        done = _FIGURES.keys() - {*self.steps_left(order)}
        if {*self.results} != set().union(*(_FIGURES[step] for step in done)):
            raise ValueError(f"{self.steps} steps can't have given {[*self.results]}")


@dataclass(frozen=True)
class RunState:
    """A run between two of its steps, or in the middle of a training.

    Attributes
    ----------
    examples : Examples
    position : Position
    history : tuple of Record
        One record for each meta-iteration that is done.
    learner : LearnerState
        Empty until someone asks the learner for it: a copy of all weights takes time.
    """

    examples: Examples
    position: Position = Position()
    history: tuple[Record, ...] = ()
    learner: LearnerState = LearnerState({}, {})

    @property
    def none_was_sure(self) -> bool:
        """Whether the last meta-iteration selected nothing: then no other begins."""
        return len(self.history) > 1 and self.history[-1].selected == 0

    def after_step(self, examples: Examples, figures: dict[str, Any]) -> RunState:
        """Return the state after a step that led to these examples and gave these figures."""
        position = self.position
        results = {**position.results, **figures}
        if position.steps < len(_FIGURES) - 1:
            position = replace(position, steps=position.steps + 1, results=results)
            return RunState(examples, position, self.history)
        record = Record(position.meta_iteration, **results)
        return RunState(examples, Position(position.meta_iteration + 1), (*self.history, record))

    def check(self, start: Examples, *, order: str, meta_iterations: int) -> None:
        """Raise a `ValueError` unless a run from `start` can be in this state."""
        self.position.check(order)
        for number, record in enumerate(self.history):
            check_figures(vars(record))
            if record.meta_iteration != number:
                raise ValueError(f"record {number} is of meta-iteration {record.meta_iteration}")
        meta_iteration = self.position.meta_iteration
        if not len(self.history) == meta_iteration <= meta_iterations + 1:
            raise ValueError(f"it has {len(self.history)} records at {meta_iteration}")
        if self.position.steps and self.none_was_sure:
            raise ValueError(f"meta-iteration {meta_iteration} can't have begun")
        self.examples.check_continues(start, meta_iteration)
