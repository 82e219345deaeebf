"""Writes the state of a run to checkpoints, and goes on from the last one."""

from __future__ import annotations

from dataclasses import asdict, fields, replace
from typing import Any

import keras
import tensorflow as tf

from keras_selflearn import __version__
from keras_selflearn.console.errors import InputError
from keras_selflearn.console.profiling import stage
from keras_selflearn.console.signals import check_for_stop
from keras_selflearn.selflearning.examples import Examples
from keras_selflearn.selflearning.learner import Learner, LearnerState
from keras_selflearn.selflearning.record import Record
from keras_selflearn.selflearning.state import Position, RunState
from keras_selflearn.storage.checkpoint import Checkpoint, Checkpoints

_EXAMPLES = tuple(field.name for field in fields(Examples))
_LEARNER = "learner-"


def to_checkpoint(state: RunState, identity: dict[str, Any]) -> Checkpoint:
    """Return a checkpoint of the state, which has the learner's state, too."""
    return Checkpoint(
        {
            "identity": identity,
            "position": asdict(state.position),
            "history": [record.figures() for record in state.history],
            "learner": state.learner.numbers,
        },
        {
            **{name: getattr(state.examples, name) for name in _EXAMPLES},
            **{_LEARNER + name: array for name, array in state.learner.arrays.items()},
        },
    )


def from_checkpoint(checkpoint: Checkpoint, start: RunState, identity: dict[str, Any]) -> RunState:
    """Return the state that the checkpoint holds.

    Parameters
    ----------
    checkpoint : Checkpoint
    start : RunState
        The state that the run began with.
    identity : dict
        What decides the run's numbers, with `order` and `meta_iterations`.

    Raises
    ------
    ValueError, KeyError, TypeError, AttributeError
        When no run from `start` can be in this state.
    """
    numbers, arrays = checkpoint.numbers, checkpoint.arrays
    state = RunState(
        Examples(**{name: arrays[name] for name in _EXAMPLES}),
        Position(**numbers["position"]),
        tuple(Record(**figures) for figures in numbers["history"]),
        LearnerState(
            numbers["learner"],
            {
                name.removeprefix(_LEARNER): array
                for name, array in arrays.items()
                if name.startswith(_LEARNER)
            },
        ),
    )
    state.check(
        start.examples, order=identity["order"], meta_iterations=identity["meta_iterations"]
    )
    return state


class Resuming:
    """Goes on from the last checkpoint of a run, and writes the next ones.

    Parameters
    ----------
    checkpoints : Checkpoints
    identity : dict
        What decides the run's numbers, as JSON has it, with `order` and `meta_iterations`. A
        checkpoint of a run with another identity is refused.
    """

    def __init__(self, checkpoints: Checkpoints, identity: dict[str, Any]) -> None:
        self._checkpoints = checkpoints
        self._identity = {**identity, **versions()}
        self._learner: Learner
        self._state: RunState

    def begin(self, learner: Learner, start: RunState) -> RunState:
        """Return the state of the last whole checkpoint, and take the learner there.

        It is `start` if there is no checkpoint, or if it is of another run that went wrong.

        Raises
        ------
        InputError
            When the checkpoint is of other data, parameters or versions, or can't be one of this
            run, or none is whole.
        """
        self._learner, self._state = learner, start
        checkpoint = self._checkpoints.latest()
        if checkpoint is None:
            return start
        numbers = checkpoint.numbers
        # Version 0.2.0 called it `asked`: its checkpoints are refused for their version.
        differences = self._differences(numbers.get("identity", numbers.get("asked")))
        if differences and self._checkpoints.given_up:
            self._checkpoints.clear()
            return start
        if differences:
            raise InputError(
                f"The checkpoint in {self._checkpoints.folder} is of another run:"
                f" {'; '.join(differences)}. Ask for the same, or remove that folder."
            )
        try:
            state = from_checkpoint(checkpoint, start, self._identity)
            in_training = state.position.steps_left(self._identity["order"])[0] == "train"
            meta_iteration = state.position.meta_iteration if in_training else None
            learner.restore(state.learner, state.examples, meta_iteration)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InputError(
                f"The checkpoint in {self._checkpoints.folder} does not fit this run ({error}):"
                " remove that folder to start anew."
            ) from error
        self._state = state
        return state

    def follow(self, state: RunState) -> None:
        """Note the state that the run is in now: the next checkpoint is of this one."""
        self._state = state

    def save(self) -> None:
        """Write a checkpoint."""
        with stage("checkpoint"):
            state = replace(self._state, learner=self._learner.state())
            self._checkpoints.write(to_checkpoint(state, self._identity))

    def after_step(self) -> None:
        """Write a checkpoint when one is due; raise `Stopped` when the run was asked to stop."""
        if self._checkpoints.due:
            self.save()
        check_for_stop()

    def give_up(self) -> None:
        """Let a run with other parameters begin in the place of this one, which went wrong."""
        self._checkpoints.give_up()

    def _differences(self, found: Any) -> list[str]:
        found = found if isinstance(found, dict) else {}
        return [
            f"{name} was {found.get(name)!r} and is {self._identity.get(name)!r}"
            for name in sorted({*found, *self._identity})
            if found.get(name) != self._identity.get(name)
        ]


def versions() -> dict[str, str]:
    """Return the versions that decide a run's numbers: no run goes on with others."""
    return {
        "keras_selflearn": __version__,
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
    }
