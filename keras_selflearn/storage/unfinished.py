"""Files and folders that are not whole yet. Each belongs to the process that writes it.

A lock of the system on the file or folder itself says who it is. It ends with the process, however
that ends, so what a killed process left behind has no owner and can be removed.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from keras_selflearn.storage.names import cut_to_bytes

fcntl: Any
try:
    import fcntl
except ImportError:  # Windows: nothing there is ever taken for left over.
    fcntl = None

# In bytes. File systems take 255, with what is added to a name.
_LONGEST_NAME = 200
# Version 0.2.0 gave no digits, or letters among them.
_ENDING = re.compile(r"\.unfinished(-[a-z0-9_]{8})?$")


@contextlib.contextmanager
def unfinished_file(path: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """Make an empty file beside `path` under a name that no other has, and open it.

    It is removed at the end of the block, unless it has another name by then.
    """
    remove_left_over(path)
    while True:
        beside = _new_name(path)
        file = beside.open("x+b")
        if _own(file.fileno(), beside):
            break
        file.close()
    try:
        yield beside, file
    finally:
        with contextlib.suppress(OSError):  # A full disk: the block has raised that already.
            file.close()
        with contextlib.suppress(OSError):
            beside.unlink()


@contextlib.contextmanager
def unfinished_folder(path: Path) -> Iterator[Path]:
    """Make an empty folder beside `path` under a name that no other has.

    It is removed at the end of the block, unless it has another name by then.
    """
    remove_left_over(path)
    descriptor = None
    while True:
        beside = _new_name(path)
        beside.mkdir()
        if fcntl is None:
            break
        with contextlib.suppress(FileNotFoundError):
            descriptor = os.open(beside, os.O_RDONLY)
            if _own(descriptor, beside):
                break
            os.close(descriptor)
    try:
        yield beside
    finally:
        if descriptor is not None:
            os.close(descriptor)
        shutil.rmtree(beside, ignore_errors=True)


def remove_left_over(path: Path) -> None:
    """Remove the unfinished files and folders of this name that no living process owns."""
    _remove(left_overs(path))


def remove_left_overs_in(folder: Path) -> None:
    """Remove what is unfinished in a folder, of any name, and has no living owner."""
    _remove(_entries(folder))


def _remove(unfinished: list[Path]) -> None:
    for left_over in unfinished:
        with owned(left_over) as is_owned:
            if is_owned and left_over.is_dir():
                shutil.rmtree(left_over, ignore_errors=True)
            elif is_owned:
                with contextlib.suppress(OSError):
                    left_over.unlink()


def left_overs(path: Path) -> list[Path]:
    """The unfinished files and folders of this name. Some may have a living owner."""
    return [each for each in _entries(path.parent) if is_unfinished(each, path.name)]


def _entries(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            names = [each.name for each in entries]
    except OSError:
        return []
    return [folder / name for name in names if name.startswith(".") and _ENDING.search(name)]


def is_unfinished(path: Path, name: str) -> bool:
    """Whether `path` is an unfinished file or folder that was to be called `name`."""
    end = _ENDING.search(path.name)
    return end is not None and path.name[: end.start()] == "." + cut_to_bytes(name, _LONGEST_NAME)


@contextlib.contextmanager
def owned(left_over: Path) -> Iterator[bool]:
    """Own an unfinished file or folder in the block. False where its owner lives, or may live."""
    if fcntl is None:
        yield False
        return
    try:
        # What is no file or folder is not ours, and must neither be followed nor waited for.
        descriptor = os.open(left_over, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        yield False
        return
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            is_owned = True
        except OSError:
            is_owned = False
        yield is_owned
    finally:
        os.close(descriptor)


def rename_new(source: Path, target: Path) -> None:
    """Rename a file, but never over anything.

    Raises
    ------
    FileExistsError
        When there is something called `target`.
    """
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except OSError:  # A file system without hard links: an empty file keeps the name for us.
        target.open("xb").close()
        os.replace(source, target)
    else:
        source.unlink()


def _new_name(path: Path) -> Path:
    name = cut_to_bytes(path.name, _LONGEST_NAME)
    return path.with_name(f".{name}.unfinished-{secrets.token_hex(4)}")


def _own(descriptor: int, path: Path) -> bool:
    """Lock what was just made. False where another process took it for left over meanwhile."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # A file system without locks: nobody can take it for left over.
        return True
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
