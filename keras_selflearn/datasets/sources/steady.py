"""Reads that are tried again, and what is said of those that fail for good."""

from __future__ import annotations

import io
import os
import re
import time
from typing import Any, Callable, TypeVar

from keras_selflearn.console.errors import first_line

_Result = TypeVar("_Result")
# Before the second and the third try, in seconds.
_WAITS = (0.5, 2.0)
# What no second try changes.
_FOR_GOOD = (FileNotFoundError, PermissionError, NotImplementedError, IsADirectoryError)
_SECRETS = re.compile(r"(?<=//)[^/@\s]*@|[?&][\w.-]+=[^\s'\"&]*")


class Steady(io.RawIOBase):
    """A file whose reads are tried again where they fail, in the file opened anew.

    Attributes
    ----------
    failed : bool
        Whether the last try failed, too.
    """

    def __init__(self, open_file: Callable[[], Any]) -> None:
        super().__init__()
        self._open_file = open_file
        self._file: Any = None
        self._place = 0
        self.failed = False

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer, as far as there are bytes."""
        content = self._tried(lambda file: file.read(len(buffer)))
        buffer[: len(content)] = content
        self._place += len(content)
        return len(content)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place."""
        if whence == os.SEEK_END:
            self._place = self._tried(lambda file: file.seek(offset, os.SEEK_END))
        else:
            self._place = offset + (self._place if whence == os.SEEK_CUR else 0)
        return self._place

    def tell(self) -> int:
        """Say at which place it is."""
        return self._place

    def close(self) -> None:
        """Close the file."""
        self._drop()
        super().close()

    def _tried(self, act: Callable[[Any], _Result]) -> _Result:
        def attempt() -> _Result:
            if self._file is None:
                self._file = self._open_file()
            try:
                self._file.seek(self._place)
                return act(self._file)
            except Exception:
                self._drop()
                raise

        try:
            return tried_again(attempt)
        except Exception as error:
            self.failed = not isinstance(error, _FOR_GOOD)
            raise OSError(f"it can't be read: {reason_of(error)}") from error

    def _drop(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            file.close()


def tried_again(act: Callable[[], _Result]) -> _Result:
    """Give the result of `act`, at the third try at the latest."""
    for wait in _WAITS:
        try:
            return act()
        except _FOR_GOOD:
            raise
        except Exception as error:
            if "Credential" in type(error).__name__:
                raise
            time.sleep(wait)
    return act()


def without_secrets(text: str) -> str:
    """Leave out what may be a password or a key in an address."""
    return _SECRETS.sub("", text)


def reason_of(error: Exception) -> str:
    """Give the kind of an error and what it says, without secrets, in one line."""
    return f"{type(error).__name__}: {without_secrets(first_line(error))}"
