"""A large array on the disk that is filled row by row, and goes on where it stopped."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Callable

import numpy as np

from keras_selflearn.console.errors import InputError
from keras_selflearn.storage.files import fsync, write_whole
from keras_selflearn.storage.json_files import read_json
from keras_selflearn.storage.lock import Held, lock

_ROWS, _STATE = "rows.f32", "rows.json"
_SECONDS_BETWEEN_NOTES = 10.0


def filled_rows(
    folder: Path, shape: tuple[int, int], blocks_from: Callable[[int], Iterator[np.ndarray]]
) -> np.ndarray:
    """Return the array that is kept in `folder`; compute the rows that are missing.

    What a stopped or killed process has written is kept, and the next one goes on from there.

    Parameters
    ----------
    folder : Path
        It is made if it is not there. It holds this array alone.
    shape : (n, d)
    blocks_from : callable
        `blocks_from(k)` yields blocks of rows (m, d) float32, from row k on to the end.

    Returns
    -------
    (n, d) float32
        A memory map that can't be written to.

    Raises
    ------
    InputError
        When the disk is full, or another process fills the same folder.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with lock(folder):
            done = _rows_done(folder, shape)
            if done < shape[0]:
                _fill(folder, shape, done, blocks_from)
    except Held as error:
        raise InputError(
            f"Another process computes the same features in {folder}: wait until it has ended."
        ) from error
    except OSError as error:
        raise InputError(
            f"Features can't be written to {folder} ({error.strerror or error}): make room on that"
            " disk."
        ) from error
    if not shape[0]:
        return np.empty(shape, np.float32)
    return np.memmap(folder / _ROWS, np.float32, "r", shape=shape)


def _fill(
    folder: Path,
    shape: tuple[int, int],
    done: int,
    blocks_from: Callable[[int], Iterator[np.ndarray]],
) -> None:
    path = folder / _ROWS
    # Written as a file: where the disk is full, a memory map ends the process.
    with path.open("r+b" if path.exists() else "w+b") as file:
        file.truncate(done * 4 * shape[1])
        file.seek(0, os.SEEK_END)

        def note() -> None:
            file.flush()
            fsync(file.fileno())
            write_whole(folder / _STATE, json.dumps({"shape": [*shape], "rows": done}))

        noted = time.monotonic()
        try:
            for block in blocks_from(done):
                file.write(np.ascontiguousarray(block, np.float32).tobytes())
                done += len(block)
                if time.monotonic() - noted > _SECONDS_BETWEEN_NOTES:
                    note()
                    noted = time.monotonic()
        finally:
            note()


def _rows_done(folder: Path, shape: tuple[int, int]) -> int:
    """How many rows are whole; 0 where the files are missing, damaged or of another shape."""
    try:
        state = read_json(folder / _STATE)
        size = (folder / _ROWS).stat().st_size
    except (OSError, ValueError):
        return 0
    if not isinstance(state, dict) or state.get("shape") != [*shape]:
        return 0
    rows = state.get("rows")
    if type(rows) is not int or not 0 <= rows <= shape[0] or size < rows * 4 * shape[1]:
        return 0
    return rows
