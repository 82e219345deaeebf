"""Keeps a self-learning run in checkpoints, and goes on from the last one."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_selflearn import __version__
from keras_selflearn.console.errors import InputError
from keras_selflearn.console.profiling import stage
from keras_selflearn.console.signals import check_for_stop
from keras_selflearn.selflearning.loop import LEFT_OUT, Examples, Position, Record, check_figures
from keras_selflearn.storage.checkpoint import Checkpoint, Checkpoints
from keras_selflearn.training.learner import KerasLearner

_OF_EXAMPLES = ("labels", "labelled_in", "confidence", "matched")
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
        What decides the run's numbers, as JSON has it, `order` and `meta_iterations` among it: a
        checkpoint of something else is refused.
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

    def restore(self) -> None:
        """Take everything from the last whole checkpoint, if there is one.

        Raises
        ------
        InputError
            When the checkpoint is of other data, parameters or versions, or can't be one of this
            run, or none is whole.
        """
        checkpoint = self.checkpoints.latest()
        if checkpoint is None:
            return
        self._check_asked(checkpoint.numbers.get("asked"))
        try:
            self._take(checkpoint)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InputError(
                f"The checkpoint in {self.checkpoints.folder} does not fit this run ({error}):"
                " remove that folder to start anew."
            ) from error

    def save(self) -> None:
        """Write a checkpoint."""
        with stage("checkpoint"):
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

    def _take(self, checkpoint: Checkpoint) -> None:
        history = checkpoint.numbers["history"]
        for number, figures in enumerate(history):
            check_figures(asdict(Record(**figures)))
            if figures["meta_iteration"] != number:
                raise ValueError(f"the record of meta-iteration {number} is another's")
        position = Position(**checkpoint.numbers["position"])
        position.check(self.asked["order"])
        if not len(history) == position.meta_iteration <= self.asked["meta_iterations"] + 1:
            raise ValueError(f"it has {len(history)} records at {position.meta_iteration}")
        examples = self._examples_of(checkpoint, position.meta_iteration)
        learned = {
            name[len(_OF_LEARNER) :]: array
            for name, array in checkpoint.arrays.items()
            if name.startswith(_OF_LEARNER)
        }
        in_training = position.left(self.asked["order"])[0] == "train"
        self.learner.restore(
            Checkpoint(checkpoint.numbers["learner"], learned),
            examples,
            position.meta_iteration if in_training else None,
        )
        vars(self.examples).update(vars(examples))
        vars(self.position).update(vars(position))
        self.history[:] = history

    def _examples_of(self, checkpoint: Checkpoint, meta_iteration: int) -> Examples:
        now = self.examples
        examples = Examples(
            *(
                checkpoint.array(name, getattr(now, name).shape, getattr(now, name).dtype)
                for name in _OF_EXAMPLES
            )
        )
        given = now.initially_labelled
        labels, labelled_in = examples.labels, examples.labelled_in
        if not (
            np.isin(labels, np.arange(LEFT_OUT, self.learner.n_classes)).all()
            and np.isin(labelled_in, np.arange(-1, meta_iteration + 1)).all()
            and np.array_equal(examples.initially_labelled, given)
            and np.array_equal(labels[given], now.labels[given])
            and np.array_equal(labels == LEFT_OUT, now.labels == LEFT_OUT)
            and np.array_equal(labels < 0, labelled_in == -1)
            and np.array_equal(np.isnan(examples.confidence), labelled_in < 1)
            and np.isin(examples.matched, np.append(examples.labelled, -1)).all()
            and (examples.matched[labelled_in < 1] == -1).all()
        ):
            raise ValueError("its labels can't be those of a run with the labels that were given")
        return examples

    def _check_asked(self, asked: Any) -> None:
        asked = asked if isinstance(asked, dict) else {}
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
