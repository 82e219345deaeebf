"""TensorFlow can't go on in a process that was forked after it had started: it waits for ever."""

from __future__ import annotations

import os

from keras_selflearn.console.errors import InputError

_started_in: list[int] = []


def check_process() -> None:
    """Note that TensorFlow computes in this process from now on.

    Raises
    ------
    InputError
        When it had started before this process was forked.
    """
    if not _started_in:
        _started_in.append(os.getpid())
    elif _started_in[0] != os.getpid():
        raise InputError(
            "This process was forked after TensorFlow had started, and TensorFlow would wait for"
            " ever: start workers with multiprocessing.get_context('spawn'), and load the"
            " classifier there."
        )
