"""SHA-256 of files and arrays, in 64 hexadecimal digits."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import BinaryIO

import numpy as np

_PIECE = 2**20
_SAMPLE = 100


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


def sha256_of_sample(images: np.ndarray) -> str:
    """Of a hundred images, evenly spaced: enough to tell data sets apart without reading all."""
    chosen = np.linspace(0, len(images) - 1, min(len(images), _SAMPLE)).astype(int)
    return sha256_of_array(images[chosen])
