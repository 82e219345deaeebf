"""SHA-256 of files and arrays, in 64 hexadecimal digits."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import BinaryIO

import numpy as np

_PIECE = 2**20


def sha256(path: Path) -> str:
    """Of a file; a mebibyte of it is in memory at a time."""
    with path.open("rb") as file:
        return sha256_of_rest(file)


def sha256_of_rest(file: BinaryIO) -> str:
    """Of what is left of an open file, which is at its end then."""
    digest = hashlib.sha256()
    while piece := file.read(_PIECE):
        digest.update(piece)
    return digest.hexdigest()


def sha256_of_array(array: np.ndarray) -> str:
    """Of an array's contents, in the order of its elements."""
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()
