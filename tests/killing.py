"""Runs `python -m keras_selflearn.main` again and again and kills it, with SIGKILL, when asked to.

A process of its own. For each line of its input, a `Request` as JSON, it forks a process that runs
the command, and prints how that ended. So TensorFlow, which takes longer to import than a short run
takes, is imported once. Nothing is computed before the fork: TensorFlow would not survive that.
"""

from __future__ import annotations

import functools
import json
import os
import signal
import sys
import traceback
from dataclasses import dataclass

from keras_selflearn.console.quiet import import_tensorflow_quietly

import_tensorflow_quietly()

import keras_selflearn.runs.experiment  # noqa: E402, F401, or each fork would import it
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


@dataclass
class Request:
    """A run.

    Attributes
    ----------
    flags : list of str
    output : str
        The file that it writes to what it says.
    moment : str or None
        When it is killed, a name in `MOMENTS`.
    number : int
        For which time that moment comes, counted from 1.
    """

    flags: list[str]
    output: str
    moment: str | None = None
    number: int = 1


def run(request: Request) -> None:
    """In a fork; does not return."""
    file = os.open(request.output, os.O_WRONLY | os.O_CREAT, 0o600)
    os.dup2(file, 1)
    os.dup2(file, 2)
    sys.argv[1:] = request.flags
    status = 1
    try:
        if request.moment is not None:
            arm(request.moment, request.number)
        command_line.run(Command, main, "An experiment that is killed.")
    except SystemExit as end:
        status = int(end.code or 0)
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    for line in sys.stdin:
        if (fork := os.fork()) == 0:
            run(Request(**json.loads(line)))
        _, ending = os.waitpid(fork, 0)
        print(os.waitstatus_to_exitcode(ending), flush=True)
