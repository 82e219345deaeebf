"""Files at addresses, on any file system that fsspec knows."""

from __future__ import annotations

import re
from typing import Any, BinaryIO, Callable, TypeVar, cast

from keras_selflearn.console.errors import InputError, first_line
from keras_selflearn.datasets.sources.files import Found, identity_of
from keras_selflearn.datasets.sources.patterns import expanded, fixed_part, is_wild
from keras_selflearn.datasets.sources.piece import check_size
from keras_selflearn.datasets.sources.steady import (
    Steady,
    reason_of,
    tried_again,
    without_secrets,
)

_Result = TypeVar("_Result")
# The extra and its package, by the beginning of an address.
_S3, _GCS = ("s3", "s3fs"), ("gcs", "gcsfs")
_EXTRAS = {"s3": _S3, "s3a": _S3, "gs": _GCS, "gcs": _GCS}
# What file systems call the state of a file. Not all of them know one.
_VERSIONS = ("ETag", "etag", "md5Hash", "generation", "VersionId", "ino", "mtime")
_TIMES = ("LastModified", "last_modified", "updated", "created")


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
        if re.search(r"://[^/]*@", address) or _has_query(address):
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
            raise ValueError(f"it can't be read: {reason_of(error)}") from error
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
                f"{address} may not be read ({reason_of(error)}): check its address and your"
                " credentials."
            )
        return InputError(f"{address} can't be reached: {reason_of(error)}.")

    def _named(self, root: str, files: dict[str, dict[str, Any]]) -> list[Found]:
        found = []
        for path, info in sorted(files.items()):
            name = path[len(root) :] if path.startswith(root) else path.lstrip("/")
            # Object stores keep folders as empty objects, and names that no file system has.
            if not {"", ".", ".."} & {*name.split("/")}:
                state = [str(info[key]) for key in _VERSIONS if info.get(key) is not None]
                state = state or [str(info[key]) for key in _TIMES if info.get(key) is not None]
                size = info.get("size")
                found.append(Found(name, path, size, identity_of(name, size, state)))
        return found


def _has_query(address: str) -> bool:
    return address.startswith(("http://", "https://")) and "?" in address


def _needs(address: str, extra: tuple[str, str]) -> InputError:
    name, package = extra
    return InputError(f"{address} needs the extra {name} (pip install {package}).")
