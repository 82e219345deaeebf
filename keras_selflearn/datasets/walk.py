"""Walk through folders of images. What is left out is counted, with the reason."""

from __future__ import annotations

import heapq
import os
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Protocol

from keras_selflearn.console.errors import InputError
from keras_selflearn.datasets.address import Place
from keras_selflearn.datasets.image_files.reading import SUFFIXES
from keras_selflearn.datasets.left_out import ASTRAY, BROKEN, HIDDEN, SPECIAL, LeftOut

# What macOS, Windows and network storage keep beside a user's files, in lower case.
_OF_SYSTEMS = {
    "__macosx",
    "icon\r",
    "$recycle.bin",
    "system volume information",
    "thumbs.db",
    "ehthumbs.db",
    "desktop.ini",
    "@eadir",
    "#recycle",
    "#snapshot",
    "@recycle",
    "@recently-snapshot",
}
_HIDDEN_OF_SYSTEMS = (".ds_store", ".trash", ".thumb", ".git", ".localized", ".spotlight")


class Entry(Protocol):
    """What `os.scandir` says of a file or folder."""

    @property
    def name(self) -> str:
        """Its own name."""

    @property
    def path(self) -> str:
        """The way to it."""

    def is_dir(self) -> bool:
        """Whether it is a folder, or a link to one."""

    def is_file(self) -> bool:
        """Whether it is a file, or a link to one."""

    def is_symlink(self) -> bool:
        """Whether it is a link."""


class System(Protocol):
    """Where folders are. Both methods raise an `OSError` for a folder that can't be read."""

    def scan(self, folder: str) -> AbstractContextManager[Iterable[Entry]]:
        """Give the entries of a folder."""

    def identity(self, folder: str) -> object:
        """Give what tells a folder from all others, whatever the way to it."""


class _Local:
    """The folders of this machine."""

    def scan(self, folder: str) -> AbstractContextManager[Iterable[Entry]]:
        return os.scandir(folder)

    def identity(self, folder: str) -> object:
        status = os.stat(folder)
        # Some file systems number nothing.
        return (status.st_dev, status.st_ino) if status.st_ino else os.path.realpath(folder)


class Walk:
    """A walk through folders. It visits each folder once, even if links lead to it again.

    Parameters
    ----------
    system : System, optional
        By default this machine's.

    Attributes
    ----------
    left_out : LeftOut
        All that was met and is no image.
    """

    def __init__(self, system: System | None = None) -> None:
        self._system = system or _Local()
        self.left_out = LeftOut()
        self._been: set[object] = set()

    def aside(self) -> Walk:
        """A walk that visits no folder that this one has visited, and counts for itself."""
        walk = Walk(self._system)
        walk._been = self._been
        return walk

    def has_been_in(self, folder: Place) -> bool:
        """Whether this folder was visited, by this or by another name."""
        try:
            return self._system.identity(str(folder)) in self._been
        except OSError:
            return False

    def images(self, folder: Place, below: str = "", *, may_fail: bool = False) -> list[str]:
        """List the images below a folder, sorted; see `find`."""
        return sorted(self.find(folder, below, may_fail=may_fail))

    def find(self, folder: Place, below: str = "", *, may_fail: bool = False) -> Iterator[str]:
        """Give the images below a folder one by one, in the order of the system.

        Links to folders are followed last and in order: an image is called by its own place, or
        always by the same link. A list of folders to visit takes any depth, and keeps one open.

        Parameters
        ----------
        folder : Path or Address
        below : str
            The path that the paths of the images begin with.
        may_fail : bool
            Whether `folder` itself is left out, too, if it can't be read.

        Raises
        ------
        InputError
            When `folder` itself can't be read.
        """
        folders, links = [(str(folder), below)], list[tuple[str, str]]()
        while folders or links:
            here, path = folders.pop() if folders else heapq.heappop(links)
            inside = []
            try:
                identity = self._system.identity(here)
                if identity not in self._been:
                    with self._system.scan(here) as entries:
                        self._been.add(identity)
                        for entry in entries:
                            name = _joined(path, entry.name)
                            kind = self._kind(entry, name)
                            if kind == "image":
                                yield name
                            elif kind == "folder":
                                inside.append((entry.path, name))
                            elif kind == "link":
                                heapq.heappush(links, (entry.path, name))
            except OSError as error:
                if here == str(folder) and not may_fail:
                    raise InputError(
                        f"The folder {folder} can't be read ({error.strerror}): allow it, or take"
                        " it out."
                    ) from error
                self.left_out.unreadable(path, error)
            folders += reversed(inside)  # The first is popped first.

    def folders(self, folder: Place, below: str = "") -> list[str]:
        """List the names of the folders directly in one, sorted. The images there are left out.

        No link leads to it any more.

        Raises
        ------
        InputError
            When it can't be read.
        """
        names = []
        try:
            with self._system.scan(str(folder)) as entries:
                self._been.add(self._system.identity(str(folder)))
                for entry in entries:
                    path = _joined(below, entry.name)
                    kind = self._kind(entry, path)
                    if kind == "image":
                        self.left_out.add(ASTRAY, path)
                    elif kind:
                        names.append(entry.name)
        except OSError as error:
            raise InputError(
                f"The folder {folder} can't be read ({error.strerror}): allow it."
            ) from error
        return sorted(names)

    def _kind(self, entry: Entry, path: str) -> str | None:
        """`folder`, `link` (to a folder) or `image`; None for what is ignored or counted."""
        name = entry.name.lower()
        if name in _OF_SYSTEMS or name.startswith(("._", *_HIDDEN_OF_SYSTEMS)):
            return None
        try:
            is_folder, is_file, is_link = entry.is_dir(), entry.is_file(), entry.is_symlink()
        except OSError as error:
            self.left_out.unreadable(path, error)
            return None
        if name.startswith("."):
            if is_folder or name.endswith(SUFFIXES):
                self.left_out.add(HIDDEN, path)
        elif is_folder:
            return "link" if is_link else "folder"
        elif not is_file:
            self.left_out.add(BROKEN if is_link else SPECIAL, path)
        elif name.endswith(SUFFIXES):
            return "image"
        else:
            self.left_out.other_name(entry.name)
        return None


def _joined(below: str, name: str) -> str:
    return f"{below}/{name}" if below else name
