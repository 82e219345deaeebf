"""Show what can be shown. No work fails because a screen is closed, full or not UTF-8."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from typing import Any


class Forgiving:
    """A text stream that never fails to write.

    Characters that it can't show are escaped. What can't be written is dropped.

    Parameters
    ----------
    stream : text stream, or None
        None where Python found it closed.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = io.StringIO() if stream is None else stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write a text; return its length."""
        try:
            self._stream.write(text)
        except UnicodeEncodeError:
            encoding = self._stream.encoding
            self.write(text.encode(encoding, "backslashreplace").decode(encoding))
        except (OSError, ValueError):  # ValueError: it is closed.
            self._drop()
        return len(text)

    def flush(self) -> None:
        """Flush what was written."""
        try:
            self._stream.flush()
        except (OSError, ValueError):
            self._drop()

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        try:
            return self._stream.isatty()
        except ValueError:  # It is closed.
            return False

    def _drop(self) -> None:
        """Let what waits in the buffer go nowhere: Python fails if it can't flush it at its end."""
        with contextlib.suppress(OSError, ValueError):
            _lead_nowhere(self._stream.fileno())
            self._stream.flush()


def standard_error() -> Forgiving:
    """Standard error as it is now, for a progress that is shown from Python, too."""
    return Forgiving(sys.stderr)


def open_descriptors() -> None:
    """Open the descriptors of the screen that are closed: the next file would be the screen."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            _lead_nowhere(descriptor)


@contextlib.contextmanager
def forgiving_screen() -> Iterator[None]:
    """Make standard output and standard error `Forgiving` in the block."""
    open_descriptors()
    before = sys.stdout, sys.stderr
    forgiving = Forgiving(sys.stdout), Forgiving(sys.stderr)
    sys.stdout, sys.stderr = forgiving
    try:
        yield
    finally:
        for stream in forgiving:
            stream.flush()
        sys.stdout, sys.stderr = before


def _lead_nowhere(descriptor: int) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    if nowhere != descriptor:
        os.dup2(nowhere, descriptor)
        os.close(nowhere)
