"""Runs `python -m keras_selflearn.main` and kills it, with SIGKILL, at a given moment.

A process of its own: `python tests/killing.py MOMENT NUMBER --flag ...` kills it when MOMENT comes
for the NUMBERth time, counted from 1.
"""

from __future__ import annotations

import functools
import os
import signal
import sys

from keras_selflearn.console.quiet import import_tensorflow_quietly

import_tensorflow_quietly()

from keras_selflearn.console import command_line  # noqa: E402
from keras_selflearn.main import Command, main  # noqa: E402
from keras_selflearn.network import embedding  # noqa: E402
from keras_selflearn.runs import folder as run_folder  # noqa: E402
from keras_selflearn.runs import pictures  # noqa: E402
from keras_selflearn.storage import checkpoint, files  # noqa: E402
from keras_selflearn.training import fitting, learner  # noqa: E402


def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)


def half_written(original, file, state):
    """A checkpoint of which half has reached the disk."""
    original(file, state)
    file.truncate(file.tell() // 2 or file.seek(0, 2) // 2)
    file.flush()
    die()


# Owner, attribute, and what the NUMBERth call does in place of the original.
MOMENTS = {
    "gradient step": (fitting._Follow, "on_train_batch_end", die),
    "embedding": (embedding, "check_for_stop", die),
    "labelling": (learner.KerasLearner, "label", die),
    "measuring": (learner.KerasLearner, "test_accuracy", die),
    "writing a checkpoint": (checkpoint, "_write", half_written),
    "renaming a file": (files.os, "replace", die),
    "writing run.json": (run_folder.RunFolder, "write_run", die),
    "writing pseudo-labels": (run_folder.RunFolder, "write_pseudo_labels", die),
    "saving the classifier": (run_folder.RunFolder, "write_classifier", die),
    "drawing the curve": (pictures, "draw_curve", die),
}


def arm(moment, number):
    owner, name, act = MOMENTS[moment]
    original = getattr(owner, name)
    calls = 0

    @functools.wraps(original)
    def replacement(*arguments, **options):
        nonlocal calls
        calls += 1
        if calls < number:
            return original(*arguments, **options)
        return act(original, *arguments) if act is half_written else die()

    setattr(owner, name, replacement)


if __name__ == "__main__":
    arm(sys.argv.pop(1), int(sys.argv.pop(1)))
    command_line.run(Command, main, "An experiment that is killed.")
