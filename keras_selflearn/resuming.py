"""Keeps a self-learning run in checkpoints, and goes on from the last one."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_selflearn import __version__
from keras_selflearn.checkpoint import Checkpoint, Checkpoints
from keras_selflearn.errors import InputError
from keras_selflearn.learner import KerasLearner
from keras_selflearn.loop import Examples, Position
from keras_selflearn.signals import check_for_stop

_OF_EXAMPLES = ("labels", "labelled_in", "confidence")
_OF_LEARNER = "learner-"


class Resuming:
    """A run's state, kept up to date in place by the loop and the learner, and its checkpoints.

    Parameters
    ----------
    checkpoints : Checkpoints
    learner : KerasLearner
    examples : Examples
    position : Position
    history : list of dict
        The records so far.
    asked : dict
        What decides the run's numbers, as JSON has it: a checkpoint of something else is refused.
    """

    def __init__(
        self,
        checkpoints: Checkpoints,
        learner: KerasLearner,
        examples: Examples,
        position: Position,
        history: list[dict[str, Any]],
        asked: dict[str, Any],
    ):
        self.checkpoints = checkpoints
        self.learner = learner
        self.examples = examples
        self.position = position
        self.history = history
        self.asked = {**asked, **versions()}

    def restore(self) -> bool:
        """Take everything from the last whole checkpoint; False where there is none.

        Raises
        ------
        InputError
            When the checkpoint is of other data, parameters or versions, or none is whole.
        """
        checkpoint = self.checkpoints.latest()
        if checkpoint is None:
            return False
        folder = self.checkpoints.folder
        try:
            self._check(checkpoint.numbers["asked"])
            arrays = checkpoint.arrays
            for name in _OF_EXAMPLES:
                getattr(self.examples, name)[:] = arrays[name]
            learned = {
                name[len(_OF_LEARNER) :]: array
                for name, array in arrays.items()
                if name.startswith(_OF_LEARNER)
            }
            self.learner.restore(Checkpoint(checkpoint.numbers["learner"], learned), self.examples)
            position = Position(**checkpoint.numbers["position"])
            self.history[:] = checkpoint.numbers["history"]
        except InputError:
            raise
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            raise InputError(
                f"The checkpoint in {folder} does not fit this run: {error}."
            ) from error
        vars(self.position).update(vars(position))
        return True

    def save(self) -> None:
        """Write a checkpoint."""
        learned = self.learner.state()
        self.checkpoints.write(
            Checkpoint(
                {
                    "asked": self.asked,
                    "position": asdict(self.position),
                    "history": self.history,
                    "learner": learned.numbers,
                },
                {
                    **{name: getattr(self.examples, name) for name in _OF_EXAMPLES},
                    **{_OF_LEARNER + name: array for name, array in learned.arrays.items()},
                },
            )
        )

    def after_step(self) -> None:
        """Write a checkpoint when one is due; raise `Stopped` when the run was asked to stop."""
        if self.checkpoints.due:
            self.save()
        check_for_stop()

    def _check(self, asked: dict[str, Any]) -> None:
        differences = [
            f"{name} was {asked.get(name)!r} and is {self.asked.get(name)!r}"
            for name in sorted({*asked, *self.asked})
            if asked.get(name) != self.asked.get(name)
        ]
        if differences:
            raise InputError(
                f"The checkpoint in {self.checkpoints.folder} is of another run:"
                f" {'; '.join(differences)}. Ask for the same, or remove that folder."
            )


def versions() -> dict[str, str]:
    """Of what a run can't go on with another version of: its numbers would be those of neither."""
    return {
        "keras_selflearn": __version__,
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
    }


def digest(array: np.ndarray) -> str:
    """SHA-256 of an array's contents, in hexadecimal."""
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()
