"""The lines of a text file of unknown origin. None of them takes much memory."""

from __future__ import annotations

import contextlib
import errno
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

# In characters. A row of a table has a path and a few numbers.
_LONGEST = 2**20


class LongLineError(ValueError):
    """A line is longer than any that this package or its users write."""


class NotAFileError(OSError, ValueError):
    """What is to be read is a folder, a device, a pipe or the like."""

    def __init__(self) -> None:
        super().__init__(errno.EINVAL, "it is not a file")

    def __str__(self) -> str:
        return str(self.strerror)


@contextlib.contextmanager
def opened_lines(path: Path, encoding: str, errors: str = "strict") -> Iterator[Iterator[str]]:
    """Open a text file; give its lines with their ends as they are.

    Raises
    ------
    OSError
        When it can't be read, or is no plain file (see `check_file`).
    LongLineError
        In the block, for a line of more than a mebibyte.
    """
    check_file(path)
    with path.open(newline="", encoding=encoding, errors=errors) as file:
        yield _lines(file)


def check_file(path: Path) -> None:
    """Raise a `NotAFileError` for a device, a pipe or the like: opening it may wait for ever."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise NotAFileError


def _lines(file: TextIO) -> Iterator[str]:
    while line := file.readline(_LONGEST + 1):
        if len(line) > _LONGEST:
            raise LongLineError(f"a line has more than {_LONGEST:,} characters")
        yield line
