"""Files that hold images, and those of this machine, which need no package."""

from __future__ import annotations

import glob
import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from keras_selflearn.console.errors import InputError
from keras_selflearn.datasets.earlier_rows import file_identity
from keras_selflearn.datasets.sources.patterns import expanded, fixed_part, is_wild
from keras_selflearn.datasets.sources.piece import check_size


@dataclass(frozen=True)
class Found:
    """A file, and what tells its content from that of others.

    Attributes
    ----------
    name : str
        Below the address, with forward slashes.
    path : str
        For the file system.
    size : int or None
        In bytes; None: the file system does not say.
    identity : str
    """

    name: str
    path: str
    size: int | None
    identity: str


class Files(Protocol):
    """A file system."""

    def open(self, found: Found) -> BinaryIO:
        """Open a file to read it; an `OSError` where that fails."""

    def content(self, found: Found) -> bytes:
        """Give all that is in a file; a `ValueError` is the reason why it can't be read."""

    def failed(self, file: BinaryIO) -> bool:
        """Whether an open file could not be read for a reason that may pass."""


class LocalFiles:
    """Files of this machine, read without fsspec."""

    def open(self, found: Found) -> BinaryIO:
        """Open a file to read it; an `OSError` where that fails."""
        return open(found.path, "rb")

    def content(self, found: Found) -> bytes:
        """Give all that is in a file; a `ValueError` is the reason why it can't be read."""
        check_size(found.size or 0)
        return Path(found.path).read_bytes()

    def failed(self, file: BinaryIO) -> bool:
        """Never: what fails on a disk fails again."""
        return False


def local_shards(pattern: str) -> list[Found]:
    """Find the shards of this machine that a pattern stands for, sorted.

    Raises
    ------
    InputError
        When one of them is not there.
    """
    root, paths = fixed_part(pattern), set[str]()
    for each in expanded(pattern):
        found = [path for path in glob.glob(each) if os.path.isfile(path)]
        if not is_wild(each) and os.path.isfile(each):
            found = [each]
        if not found:
            raise InputError(f"There is no shard {each}: correct --images.")
        paths |= set(found)
    return local_files(root, sorted(paths))


def local_files(root: str, paths: Iterable[str]) -> list[Found]:
    """Name files of this machine by what of their paths comes after `root`."""
    found = []
    for path in paths:
        name = path[len(root) :].replace(os.sep, "/").lstrip("/")
        try:
            size, *state = file_identity(Path(path))
        except OSError as error:
            raise InputError(f"The shard {path} can't be read: {error.strerror}.") from error
        found.append(Found(name, path, size, identity_of(name, size, state)))
    return found


def identity_of(name: str, size: int | None, state: Iterable[object]) -> str:
    """Give what tells a file, as it is now, from others and from what it was before."""
    return hashlib.sha256(repr((name, size, *state)).encode()).hexdigest()
