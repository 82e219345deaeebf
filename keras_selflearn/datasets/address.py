"""Where images are that lie in no folder of this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Union


class Address:
    """An address as a user gives it, such as `s3://bucket/photos`. It looks like a path.

    Parameters
    ----------
    text : str
    """

    def __init__(self, text: str) -> None:
        self._text = text

    def __str__(self) -> str:
        return self._text

    def __fspath__(self) -> str:
        return self._text

    def __truediv__(self, name: str) -> Address:
        slash = "" if self._text.endswith("/") else "/"
        return Address(f"{self._text}{slash}{name}")


# What messages name, and paths begin with.
Place = Union[Path, Address]
