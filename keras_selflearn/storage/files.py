"""Files that a reader never sees half of, also after the power went."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from keras_selflearn.console.errors import InputError


def write_whole(path: Path, content: str | bytes) -> Path:
    """Write a file, text as UTF-8, and return its path; see `written_whole`."""
    with written_whole(path) as file:
        file.write(content.encode("utf-8") if isinstance(content, str) else content)
    return path


@contextlib.contextmanager
def written_whole(path: Path) -> Iterator[BinaryIO]:
    """A file to write to under another name, which gets its own once it is on the disk.

    A block that raises leaves what was there before.

    Raises
    ------
    InputError
        When the disk is full, the folder can't be written, or the disk fails.
    """
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        try:
            with unfinished.open("w+b") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(unfinished, path)
        except BaseException:
            with contextlib.suppress(OSError):
                unfinished.unlink()
            raise
        flush(path.parent)
    except OSError as error:
        raise InputError(
            f"{path} can't be written ({error.strerror or error}): make room or choose another"
            " folder; what was there before is whole."
        ) from error


@contextlib.contextmanager
def folder_written_whole(folder: Path, *, many: bool = False) -> Iterator[Path]:
    """An empty folder to fill under another name, which gets its own once all is on the disk.

    A block that raises leaves what was there before.

    Parameters
    ----------
    folder : Path
        Not there yet, or empty.
    many : bool
        Whether there may be thousands of files: they are flushed with all else that the system
        holds, because to flush one takes milliseconds.

    Raises
    ------
    InputError
        When the folder is not empty, or can't be written.
    """
    folder = folder.resolve()
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    try:
        if folder.exists() and any(folder.iterdir()):
            raise InputError(f"The folder {folder} is not empty: choose a new one.")
        folder.parent.mkdir(parents=True, exist_ok=True)
        if unfinished.exists():
            shutil.rmtree(unfinished)
        try:
            unfinished.mkdir()
            yield unfinished
            if not many:
                for path in (*unfinished.rglob("*"), unfinished):
                    flush(path)
            elif hasattr(os, "sync"):
                os.sync()
            if folder.exists():
                folder.rmdir()  # Not every system renames to what is there.
            unfinished.rename(folder)
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise
        flush(folder.parent)
    except OSError as error:
        raise InputError(
            f"The folder {folder} can't be written ({error.strerror or error}): make room or choose"
            " another."
        ) from error


def make_writable(folder: str | Path, flag: str) -> Path:
    """The folder, with a home directory filled in, made if it is missing.

    Raises
    ------
    InputError
        When it can't be made or written; it names the `flag` to choose another by.
    """
    folder = Path(folder).expanduser()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"The folder {folder} can't be made ({error.strerror}): choose another --{flag}."
        ) from error
    if not os.access(folder, os.W_OK):
        raise InputError(f"The folder {folder} can't be written: choose another --{flag}.")
    return folder


def flush(path: Path) -> None:
    """Put a file, or the names of a folder's files, on the disk, where the system can do that."""
    if os.name == "posix":
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def is_in(path: Path, folder: Path) -> bool:
    """Whether `path`, which need not be there, is `folder` or below it, by whatever name."""
    path, folder = (Path(os.path.realpath(each)) for each in (path, folder))
    return any(
        each == folder or (each.exists() and folder.exists() and each.samefile(folder))
        for each in (path, *path.parents)
    )
