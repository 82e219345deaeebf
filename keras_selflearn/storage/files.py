"""Write files and folders whole: a reader never sees half of one, even after a power cut."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from keras_selflearn.console.errors import InputError
from keras_selflearn.storage.unfinished import rename_new, unfinished_file, unfinished_folder

# What network file systems and FUSE answer where they have no such call.
_NO_FSYNC = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}


def write_whole(path: Path, content: str | bytes) -> Path:
    """Write a file and return its path. See `written_whole`.

    Text is UTF-8, and bytes of file names that are not stay as they are.
    """
    if isinstance(content, str):
        content = content.encode("utf-8", "surrogateescape")
    with written_whole(path) as file:
        file.write(content)
    return path


@contextlib.contextmanager
def written_whole(path: Path, *, replace: bool = True) -> Iterator[BinaryIO]:
    """Open a file under another name. It gets its own name once it is on the disk.

    A block that raises leaves what was there before.

    Parameters
    ----------
    path : Path
    replace : bool
        Whether the file may take the place of another. If not, one that appears meanwhile stays.

    Raises
    ------
    InputError
        When the disk is full, the folder can't be written, or the disk fails; when another file
        is there that must stay.
    """
    try:
        with unfinished_file(path) as (unfinished, file):
            yield file
            file.flush()
            fsync(file.fileno())
            if os.name != "posix":  # Windows renames no open file.
                file.close()
            (os.replace if replace else rename_file)(unfinished, path)
        flush(path.parent)
    except OSError as error:
        advice = "make room or choose another folder; what was there before is whole"
        if not path.parent.is_dir():
            advice = f"the folder {path.parent} is not there, or not any more: start again"
        raise InputError(
            f"{path} can't be written ({error.strerror or error}): {advice}."
        ) from error


@contextlib.contextmanager
def folder_written_whole(folder: Path, *, many: bool = False) -> Iterator[Path]:
    """Make an empty folder under another name. It gets its own name once all is on the disk.

    A block that raises leaves what was there before.

    Parameters
    ----------
    folder : Path
        Not there yet, or empty.
    many : bool
        Whether there may be thousands of files. Then one call flushes all that the system holds,
        because each single flush takes milliseconds.

    Raises
    ------
    InputError
        When the folder is not empty, at first or at the end, or can't be written.
    """
    folder = folder.resolve()
    try:
        if folder.exists() and any(folder.iterdir()):
            raise _not_empty(folder)
        folder.parent.mkdir(parents=True, exist_ok=True)
        with unfinished_folder(folder) as unfinished:
            yield unfinished
            flush_folder(unfinished, many=many)
            rename_folder(unfinished, folder)
        flush(folder.parent)
    except OSError as error:
        raise InputError(
            f"The folder {folder} can't be written ({error.strerror or error}): make room or choose"
            " another."
        ) from error


def flush_folder(folder: Path, *, many: bool = False) -> None:
    """Put a folder and all that is in it on the disk; see `folder_written_whole` for `many`."""
    if not many:
        for path in (*folder.rglob("*"), folder):
            flush(path)
    elif hasattr(os, "sync"):
        os.sync()


def rename_file(source: Path, target: Path) -> None:
    """Rename a file, but over nothing; an `InputError` where something is there."""
    try:
        rename_new(source, target)
    except FileExistsError as error:
        raise InputError(
            f"{target} is there already: another program has written it meanwhile. It stays as it"
            " is; choose another name."
        ) from error


def rename_folder(source: Path, target: Path) -> None:
    """Rename a folder, but only over an empty one; an `InputError` where there is another."""
    try:
        if target.exists() and os.name != "posix":
            target.rmdir()  # Windows renames over nothing.
        source.rename(target)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            raise _not_empty(target) from error
        raise


def _not_empty(folder: Path) -> InputError:
    return InputError(f"The folder {folder} is not empty: choose a new one.")


def make_writable(folder: str | Path, flag: str) -> Path:
    """Make a folder if it is missing, and return its path. `~` is the home folder.

    Raises
    ------
    InputError
        When it can't be made or written. The message names the `flag` that chooses another.
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
    """Put a file, or the list of names in a folder, on the disk, if the system can."""
    if os.name == "posix":
        descriptor = os.open(path, os.O_RDONLY)
        try:
            fsync(descriptor)
        finally:
            os.close(descriptor)


def fsync(descriptor: int) -> None:
    """Put an open file or folder on the disk, if its file system can."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_FSYNC:
            raise


def is_in(path: Path, folder: str | os.PathLike) -> bool:
    """Whether `path` is `folder` or below it, also by another name. `path` need not exist."""
    inside, around = (Path(os.path.realpath(each)) for each in (path, folder))
    return any(
        each == around or (each.exists() and around.exists() and each.samefile(around))
        for each in (inside, *inside.parents)
    )
