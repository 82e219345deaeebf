"""Write Keras' files of weights so that a full disk is an error and not the end of the process."""

from __future__ import annotations

import contextlib
import io
import os
import threading
import unittest.mock
from collections.abc import Iterator
from typing import Any, Callable

import h5py

# Keras demands it.
SUFFIX = ".weights.h5"
_one_at_a_time = threading.Lock()


def weights_content(save: Callable[[str], object]) -> bytes:
    """Return what a model's `save_weights` writes to a file.

    HDF5 ends the process when it can't write to the disk. So it writes to memory here.
    """
    with _in_memory() as (place, memory):
        save(place)
        # No view of the memory: Python 3.12.1 crashes when it collects one with its memory.
        return memory.getvalue()


@contextlib.contextmanager
def _in_memory() -> Iterator[tuple[str, io.BytesIO]]:
    """A path that HDF5 files are not written to in the block, and the bytes that are written.

    Keras takes no open file for weights alone.
    """
    memory = io.BytesIO()
    place = os.path.join(os.sep, "memory", f"{id(memory)}{SUFFIX}")

    class File(h5py.File):
        def __init__(self, name: Any, *options: Any, **named: Any) -> None:
            is_ours = isinstance(name, (str, os.PathLike)) and os.fspath(name) == place
            super().__init__(memory if is_ours else name, *options, **named)

    with _one_at_a_time, unittest.mock.patch.object(h5py, "File", File):
        yield place, memory
