"""Read arrays from a .npz file of unknown origin. Nothing is unpickled, no size is trusted."""

from __future__ import annotations

import math
import zipfile
from typing import IO, BinaryIO

import numpy as np
from numpy.lib import format as npy

_KINDS = "biufUS"  # Booleans, integers, floats and fixed-length strings; 'O' would be a pickle.
_MOST_MEMBERS = 10_000
_PIECE = 2**20
# Of the zip's directory, which zipfile reads in one go and makes an object from each entry of.
_MOST_AT_ONCE = 2**21
_MOST_DEFLATED = 1032  # Bytes that one byte of a deflate stream can stand for.
# What zeros and repeated values may take beside a file far smaller than they are.
_EXPANSION, _ANYWAY = 16, 2**28


def read_arrays(file: BinaryIO) -> dict[str, np.ndarray]:
    """Read the arrays of a .npz, stored or deflated.

    No more memory is taken than the file's own bytes can fill and 16 times its size, or 256 MiB,
    allow.

    Parameters
    ----------
    file : binary file that can be sought
        The .npz is what lies between its position and its end.

    Returns
    -------
    dict of str to array
        Of booleans, numbers or fixed-length strings.

    Raises
    ------
    ValueError
        When the file is damaged, not a .npz, or holds what NumPy writes for no such array.
    """
    try:
        return _read(_Rest(file))
    except _RefusedError:
        raise
    except Exception as error:  # zipfile, zlib, struct, NumPy and ast each raise their own.
        raise ValueError(f"the arrays are damaged ({_reason(error)})") from error


class _RefusedError(ValueError):
    """A reason that is already written for people."""


class _Rest:
    """A file from its present place on, for zipfile. It never reads much at once."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._start = file.tell()
        self.size = file.seek(0, 2) - self._start

    def seek(self, offset: int, whence: int = 0) -> int:
        if whence == 0:
            offset += self._start
        position = self._file.seek(offset, whence) - self._start
        if position < 0:
            raise ValueError("a part lies before the beginning")
        return position

    def tell(self) -> int:
        return self._file.tell() - self._start

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        content = self._file.read(size if 0 <= size <= _MOST_AT_ONCE else _MOST_AT_ONCE + 1)
        if len(content) > _MOST_AT_ONCE:
            raise _RefusedError("the directory of the arrays is too long")
        return content


def _read(file: _Rest) -> dict[str, np.ndarray]:
    arrays: dict[str, np.ndarray] = {}
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        _check_directory(members, file.size)
        for member in members:
            name = member.filename[: -len(".npy")]
            if name in arrays:
                raise _RefusedError(f"the array {name!r} is there twice")
            with archive.open(member) as content:
                arrays[name] = _read_array(content, name, member.file_size)
    return arrays


def _check_directory(members: list[zipfile.ZipInfo], file_size: int) -> None:
    """Raise unless a file of this size can hold all that its directory declares."""
    if not 0 < len(members) <= _MOST_MEMBERS:
        raise _RefusedError(f"there are {len(members)} arrays, not 1 to {_MOST_MEMBERS}")
    for member in members:
        name = member.filename
        if not name.endswith(".npy"):
            raise _RefusedError(f"the member {name!r} is no array")
        most = member.compress_size
        if member.compress_type == zipfile.ZIP_DEFLATED:
            most *= _MOST_DEFLATED
        elif member.compress_type != zipfile.ZIP_STORED:
            raise _RefusedError(
                f"the array {name!r} is compressed in a way that NumPy does not use"
            )
        if member.file_size > most:
            raise _RefusedError(f"the array {name!r} claims to be larger than its bytes can be")
    if sum(member.compress_size for member in members) > file_size:
        raise _RefusedError("the arrays claim to be larger than their file")
    if sum(member.file_size for member in members) > _EXPANSION * file_size + _ANYWAY:
        raise _RefusedError("the arrays claim to be far larger than their file")


def _read_array(content: IO[bytes], name: str, size: int) -> np.ndarray:
    if npy.read_magic(content) != (1, 0):
        raise _RefusedError(f"the array {name!r} has a header that NumPy writes for no plain array")
    shape, fortran_order, dtype = npy.read_array_header_1_0(content)
    if dtype.kind not in _KINDS or dtype.itemsize == 0:
        raise _RefusedError(f"the array {name!r} is of {dtype}, not of numbers or strings")
    if min(shape, default=0) < 0 or math.prod(n or 1 for n in shape) * dtype.itemsize >= 2**48:
        raise _RefusedError(f"the array {name!r} claims the impossible shape {_short(shape)}")
    n_bytes = math.prod(shape) * dtype.itemsize
    if n_bytes != size - content.tell():
        raise _RefusedError(
            f"the array {name!r} claims the shape {_short(shape)}, which is not what is there"
        )
    flat = np.empty(n_bytes, np.uint8)
    done = 0
    while done < n_bytes:
        piece = content.read(min(_PIECE, n_bytes - done))
        if not piece:
            raise _RefusedError(f"the array {name!r} ends early")
        flat[done : done + len(piece)] = np.frombuffer(piece, np.uint8)
        done += len(piece)
    content.read(1)  # At its end the checksum is compared, also that of an empty array.
    array = flat.view(dtype).reshape(shape, order="F" if fortran_order else "C")
    _check_values(array, name)
    return array


def _check_values(array: np.ndarray, name: str) -> None:
    """Raise for bytes that are no boolean or no character. NumPy would fail on them much later."""
    if array.dtype.kind == "b" and array.size and array.view(np.uint8).max() > 1:
        raise _RefusedError(f"the array {name!r} holds what is no boolean")
    if array.dtype.kind == "U" and array.size:
        order = array.dtype.byteorder
        characters = np.frombuffer(array.tobytes(), np.dtype(np.uint32).newbyteorder(order))
        if characters.max() > 0x10FFFF:
            raise _RefusedError(f"the array {name!r} holds what is no character")


def _short(shape: tuple[int, ...]) -> str:
    text = str(shape)
    return text if len(text) <= 60 else text[:60] + "..."


def _reason(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:200]}" if lines else type(error).__name__
