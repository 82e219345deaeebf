"""The lock of a run's folder. The system releases it when the process ends, however it ends."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from keras_selflearn.console.errors import InputError

# The name of the file in the folder; it stays there.
LOCK = ".lock"


class Held(Exception):
    """Another process holds the lock."""


@contextlib.contextmanager
def lock(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder in the block.

    Raises
    ------
    Held
        When another process, or another block of this one, holds it.
    InputError
        When the folder can't be written.
    """
    held = FileLock(folder / LOCK)
    try:
        held.acquire(blocking=False)
    except Timeout as error:
        raise Held from error
    except (OSError, NotImplementedError) as error:
        raise InputError(
            f"The folder {folder} can't be locked ({error}): choose another with --results_dir."
        ) from error
    try:
        yield
    finally:
        held.release()


def is_locked(folder: Path) -> bool:
    """Whether a process holds the folder's lock."""
    if not (folder / LOCK).exists():
        return False
    try:
        with lock(folder):
            return False
    except Held:
        return True
    except InputError:  # A folder that can't be written has no writer.
        return False
