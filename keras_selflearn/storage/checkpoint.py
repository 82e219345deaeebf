"""Checkpoints: all that a run needs to go on, in whole files with a checksum."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy

from keras_selflearn.console.errors import InputError
from keras_selflearn.console.log import printable
from keras_selflearn.storage.arrays import read_arrays
from keras_selflearn.storage.digest import check_size, sha256_of_rest
from keras_selflearn.storage.files import written_whole
from keras_selflearn.storage.lines import check_file

_LOG = logging.getLogger(__name__)
# What a file begins with, then the SHA-256 of the rest, in hexadecimal, and a line break.
_MAGIC = b"keras_selflearn checkpoint 1 sha256 "
_HEADER = len(_MAGIC) + 64 + 1
_NUMBERS = "numbers"
_SUFFIX = ".checkpoint"
_KEPT = 2
# A file beside the checkpoints of a run that went wrong.
_GIVEN_UP = "given-up"


@dataclass(frozen=True)
class Checkpoint:
    """A run's state.

    Attributes
    ----------
    numbers : dict
        What JSON can hold.
    arrays : dict of str to arrays
    """

    numbers: dict[str, Any]
    arrays: dict[str, np.ndarray]


class Checkpoints:
    """A folder of checkpoints, of which the last two are kept.

    Parameters
    ----------
    folder : path
        Made with the first checkpoint.
    minutes : float
        Time from one to the next within a long training; each meta-iteration ends with one.
    """

    def __init__(self, folder: str | os.PathLike, *, minutes: float = 5.0) -> None:
        self.folder = Path(folder).expanduser()
        self._there = next(each for each in self.folder.absolute().parents if each.is_dir())
        self.minutes = minutes
        self._last = time.monotonic()
        self._damaged: list[Path] = []

    @property
    def due(self) -> bool:
        """Whether the last checkpoint, or the start, is more than `minutes` ago."""
        return time.monotonic() - self._last > 60 * self.minutes

    def write(self, checkpoint: Checkpoint) -> Path:
        """Add a checkpoint. Keep it and the last whole one before it; remove all others.

        Raises
        ------
        InputError
            When it can't be written. The checkpoints before it stay whole.
        """
        if not self._there.is_dir():  # Its owner wants no part of it back.
            raise InputError(
                f"The folder {self._there} was removed, so no checkpoint can be written to"
                f" {self.folder}: start again."
            )
        before = self._paths()
        number = int(before[-1].stem) + 1 if before else 0
        path = self.folder / f"{number:06d}{_SUFFIX}"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{self.folder} can't be made: {error.strerror}.") from error
        with written_whole(path) as file:
            _write(file, checkpoint)
        whole = [old for old in before if old not in self._damaged]
        for old in [*self._damaged, *whole[: len(whole) + 1 - _KEPT]]:
            old.unlink(missing_ok=True)
        self._damaged.clear()
        (self.folder / _GIVEN_UP).unlink(missing_ok=True)
        self._last = time.monotonic()
        return path

    def latest(self) -> Checkpoint | None:
        """Read the last whole checkpoint; None without any. Report damaged ones after it.

        Raises
        ------
        InputError
            When there are checkpoints and none is whole.
        """
        paths = self._paths()
        for path in reversed(paths):
            try:
                return _read(path)
            except (OSError, ValueError) as error:
                _LOG.warning("The checkpoint %s is damaged: %s", printable(path), error)
                self._damaged.append(path)
        if paths:
            raise InputError(
                f"No checkpoint in {self.folder} is whole: remove it and start anew, or put one"
                " back."
            )
        return None

    def give_up(self) -> None:
        """Note that the run went wrong, so that one with other parameters may begin here."""
        if self._paths():
            with contextlib.suppress(OSError):  # Its error is more than that.
                (self.folder / _GIVEN_UP).touch()

    @property
    def given_up(self) -> bool:
        """Whether the last checkpoint is of a run that went wrong after it."""
        return (self.folder / _GIVEN_UP).exists()

    def clear(self) -> None:
        """Remove all checkpoints."""
        unfinished = self.folder.glob(f".*{_SUFFIX}.unfinished*")
        for path in [*self._paths(), *unfinished, self.folder / _GIVEN_UP]:
            path.unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove all checkpoints, and their folder if nothing else is in it."""
        with contextlib.suppress(OSError):  # They are only not needed any more.
            self.clear()
            self.folder.rmdir()

    def _paths(self) -> list[Path]:
        """List the checkpoints in the order of their numbers."""
        found = self.folder.glob(f"*{_SUFFIX}") if self.folder.is_dir() else ()
        numbered = (path for path in found if path.stem.isdecimal())
        return sorted(numbered, key=lambda path: int(path.stem))


def _write(file: BinaryIO, checkpoint: Checkpoint) -> None:
    numbers = json.dumps(checkpoint.numbers, allow_nan=False).encode("utf-8")
    file.write(bytes(_HEADER))
    # As `np.savez`, which leaves the archive open when the disk is full.
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in {**checkpoint.arrays, _NUMBERS: np.frombuffer(numbers, "u1")}.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                npy.write_array(member, np.asanyarray(array), allow_pickle=False)
    file.seek(_HEADER)
    digest = sha256_of_rest(file)
    file.seek(0)
    file.write(_header(digest))


def _read(path: Path) -> Checkpoint:
    check_file(path)
    check_size(path)
    with path.open("rb") as file:
        header = file.read(_HEADER)
        if not header.startswith(_MAGIC[:27]):
            raise ValueError("it does not begin as one.")
        if not header.startswith(_MAGIC):
            raise ValueError("it is of a format that this version does not know.")
        if header != _header(sha256_of_rest(file)):
            raise ValueError("its checksum is not that of its contents.")
        file.seek(_HEADER)
        arrays = read_arrays(file)
    try:
        numbers = json.loads(arrays.pop(_NUMBERS).tobytes())
    except (KeyError, RecursionError) as error:
        raise ValueError(f"its numbers can't be read ({error!r}).") from error
    if not isinstance(numbers, dict):
        raise ValueError("its numbers have no names.")
    return Checkpoint(numbers, arrays)


def _header(digest: str) -> bytes:
    return _MAGIC + digest.encode("ascii") + b"\n"
