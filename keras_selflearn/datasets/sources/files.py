"""Files on this machine and on any file system that fsspec knows, opened in the same way."""

from __future__ import annotations

import glob
import hashlib
import io
import os
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Callable, Protocol, TypeVar, cast

from keras_selflearn.console.errors import InputError, first_line
from keras_selflearn.datasets.earlier_rows import file_identity
from keras_selflearn.datasets.sources.patterns import expanded, fixed_part, is_wild
from keras_selflearn.datasets.sources.piece import check_size

_Result = TypeVar("_Result")
# Before the second and the third try, in seconds.
_WAITS = (0.5, 2.0)
# What no second try changes.
_FOR_GOOD = (FileNotFoundError, PermissionError, NotImplementedError, IsADirectoryError)
# The extra and its package, by the beginning of an address.
_S3, _GCS = ("s3", "s3fs"), ("gcs", "gcsfs")
_EXTRAS = {"s3": _S3, "s3a": _S3, "gs": _GCS, "gcs": _GCS}
# What file systems call the state of a file. Not all of them know one.
_VERSIONS = ("ETag", "etag", "md5Hash", "generation", "VersionId", "ino", "mtime")
_TIMES = ("LastModified", "last_modified", "updated", "created")
_SECRETS = re.compile(r"(?<=//)[^/@\s]*@|[?&][\w.-]+=[^\s'\"&]*")


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
        found.append(Found(name, path, size, _identity(name, size, state)))
    return found


class RemoteFiles:
    """Files of an fsspec file system.

    Parameters
    ----------
    address : str
        Such as `s3://bucket/photos`.

    Raises
    ------
    InputError
        When a package is missing, or the address holds a password.
    """

    def __init__(self, address: str) -> None:
        protocol = re.split("://|::", address)[0]
        # `run.json` and messages name the address.
        if "@" in address.split("://")[1].split("/")[0] or _has_query(address):
            raise InputError(
                f"The address {without_secrets(address)} holds a password or a key, which run.json"
                " would show: give it as your file system's settings or environment say."
            )
        try:
            import fsspec
        except ImportError as error:
            raise _needs(address, _EXTRAS.get(protocol, ("remote", "fsspec"))) from error
        self.address = address
        try:
            self._system, self.path = fsspec.core.url_to_fs(address)
        except ImportError as error:
            if protocol in _EXTRAS:
                raise _needs(address, _EXTRAS[protocol]) from error
            raise InputError(
                f"{address} needs a package that is not installed: {first_line(error)}."
            ) from error
        except Exception as error:
            raise self._unusable(address, error) from error

    def find(self) -> list[Found]:
        """Find all files below the address, sorted, or the one that it names.

        Raises
        ------
        InputError
            When there is nothing, or it can't be reached.
        """
        self._info(self.path)
        files = self._asked(lambda: self._system.find(self.path, detail=True))
        root = "" if list(files) == [self.path] else self.path.rstrip("/") + "/"
        return self._named(root or fixed_part(self.path), files)

    def shards(self) -> list[Found]:
        """Find the shards that the address, a pattern, stands for, sorted.

        Raises
        ------
        InputError
            When one of them is not there, or it can't be reached.
        """
        files: dict[str, dict[str, Any]] = {}
        for path in expanded(self.path):
            if is_wild(path):
                glob_path = path
                found = self._asked(lambda: self._system.glob(glob_path, detail=True))  # noqa: B023
                found = {name: info for name, info in found.items() if info["type"] == "file"}
                if not found:
                    raise InputError(f"There is no shard {path}: correct --images.")
                files.update(found)
            else:
                files[path] = self._info(path)
        return self._named(fixed_part(self.path), files)

    def open(self, found: Found) -> BinaryIO:
        """Open a file to read it. A read that fails is tried again."""
        return cast(BinaryIO, Steady(lambda: self._system.open(found.path, "rb")))

    def content(self, found: Found) -> bytes:
        """Give all that is in a file; a `ValueError` is the reason why it can't be read."""
        check_size(found.size or 0)
        try:
            content = tried_again(lambda: self._system.cat_file(found.path))
        except Exception as error:
            raise ValueError(f"it can't be read: {_reason(error)}") from error
        if found.size is not None and len(content) != found.size:
            raise ValueError(f"{len(content):,} of its {found.size:,} bytes came")
        return bytes(content)

    def failed(self, file: BinaryIO) -> bool:
        """Whether a read failed for good."""
        return cast(Steady, file).failed

    def _info(self, path: str) -> dict[str, Any]:
        return self._asked(lambda: self._system.info(path), path)

    def _asked(self, ask: Callable[[], _Result], path: str = "") -> _Result:
        # Once only: nothing is lost yet, and most file systems try again by themselves.
        try:
            return ask()
        except FileNotFoundError as error:
            where = f" (no {path})" if path not in ("", self.path) else ""
            raise InputError(
                f"There is nothing at {self.address}{where}: correct --images."
            ) from error
        except Exception as error:
            raise self._unusable(self.address, error) from error

    def _unusable(self, address: str, error: Exception) -> InputError:
        kind = type(error).__name__
        if "Credential" in kind or "DefaultCredentialsError" in str(error):
            return InputError(
                f"The credentials for {address} are missing ({kind}): set them as its file system"
                " says, for S3 in ~/.aws/credentials or AWS_ACCESS_KEY_ID."
            )
        if isinstance(error, PermissionError):
            return InputError(
                f"{address} may not be read ({_reason(error)}): check its address and your"
                " credentials."
            )
        return InputError(f"{address} can't be reached: {_reason(error)}.")

    def _named(self, root: str, files: dict[str, dict[str, Any]]) -> list[Found]:
        found = []
        for path, info in sorted(files.items()):
            name = path[len(root) :] if path.startswith(root) else path.lstrip("/")
            # Object stores keep folders as empty objects, and names that no file system has.
            if not {"", ".", ".."} & {*name.split("/")}:
                state = [str(info[key]) for key in _VERSIONS if info.get(key) is not None]
                state = state or [str(info[key]) for key in _TIMES if info.get(key) is not None]
                size = info.get("size")
                found.append(Found(name, path, size, _identity(name, size, state)))
        return found


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
            raise OSError(f"it can't be read: {_reason(error)}") from error

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


def _has_query(address: str) -> bool:
    return address.startswith(("http://", "https://")) and "?" in address


def _needs(address: str, extra: tuple[str, str]) -> InputError:
    name, package = extra
    return InputError(f"{address} needs the extra {name} (pip install {package}).")


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {without_secrets(first_line(error))}"


def _identity(name: str, size: int | None, state: Iterable[object]) -> str:
    return hashlib.sha256(repr((name, size, *state)).encode()).hexdigest()
