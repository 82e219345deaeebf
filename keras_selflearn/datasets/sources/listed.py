"""Folders whose files are listed already, for a walk."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterable
from contextlib import AbstractContextManager

from keras_selflearn.datasets.address import Address
from keras_selflearn.datasets.walk import Entry


class Listed:
    """The folders of some files. It is a `System` for a walk.

    Parameters
    ----------
    root : Address
    names : iterable of str
        Paths of the files below it.
    """

    def __init__(self, root: Address, names: Iterable[str]) -> None:
        self._folders: dict[str, dict[str, bool]] = {str(root): {}}
        for name in names:
            here = root
            *folders, own = name.split("/")
            for each in folders:
                self._folders.setdefault(str(here), {})[each] = True
                here = here / each
            self._folders.setdefault(str(here), {}).setdefault(own, False)

    def scan(self, folder: str) -> AbstractContextManager[Iterable[Entry]]:
        """Give the entries of a folder."""
        self.identity(folder)
        entries = self._folders[folder].items()
        return contextlib.nullcontext([_Entry(folder, *each) for each in entries])

    def identity(self, folder: str) -> object:
        """Give the folder itself: there are no links."""
        if folder not in self._folders:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), folder)
        return folder


class _Entry:
    def __init__(self, folder: str, name: str, is_folder: bool) -> None:
        self.name, self.path = name, str(Address(folder) / name)
        self._is_folder = is_folder

    def is_dir(self) -> bool:
        return self._is_folder

    def is_file(self) -> bool:
        return not self._is_folder

    def is_symlink(self) -> bool:
        return False
