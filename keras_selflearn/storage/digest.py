"""SHA-256 of files and arrays, in 64 hexadecimal digits."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import BinaryIO

import numpy as np

from keras_selflearn.console.errors import InputError

# No file of weights has more, and a crafted one with holes may be thousands of times as large.
_MOST_BYTES = 2**34
_PIECE = 2**20
_SAMPLE = 100


def sha256(path: Path) -> str:
    """Give the digest of a file. Read a mebibyte at a time.

    Raises
    ------
    InputError
        For a file of more than 16 GiB.
    """
    check_size(path)
    with path.open("rb") as file:
        return sha256_of_rest(file)


def check_size(path: Path) -> None:
    """Raise an `InputError` for a file of more than 16 GiB."""
    size = path.stat().st_size
    if size > _MOST_BYTES:
        raise InputError(
            f"{path} has {size / 2**30:.0f} GiB, and a file of weights has at most 16: it is"
            " damaged or something else."
        )


def sha256_of_rest(file: BinaryIO) -> str:
    """Give the digest of an open file from its present place to its end."""
    digest = hashlib.sha256()
    while piece := file.read(_PIECE):
        digest.update(piece)
    return digest.hexdigest()


def sha256_of_array(array: np.ndarray) -> str:
    """Give the digest of an array, in the order of its elements.

    Reads a memory map a few rows at a time.
    """
    digest = hashlib.sha256()
    rows = max(1, _PIECE // max(1, array[:1].nbytes)) if array.ndim else 1
    for start in range(0, len(array) if array.ndim else 1, rows):
        piece = array[start : start + rows] if array.ndim else array
        digest.update(np.ascontiguousarray(piece).tobytes())
    return digest.hexdigest()


def sha256_of_sample(images: np.ndarray) -> str:
    """Give the digest of a hundred images, evenly spaced. It tells data sets apart quickly."""
    chosen = np.linspace(0, len(images) - 1, min(len(images), _SAMPLE)).astype(int)
    return sha256_of_array(images[chosen])
