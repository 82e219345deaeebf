"""Decoded images of files that have not changed since an earlier cache was made."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from keras_selflearn.storage.json_files import read_json

# The number of a file that can't be asked; such an image is never taken from an earlier cache.
_UNKNOWN = 0


def file_digests(folder: Path, paths: Sequence[str]) -> np.ndarray:
    """Give a number for each file, which another or a changed file hardly has.

    It is made of what the system keeps of the file: two files of the same size and time that
    change places have other numbers. It does not depend on the path.

    Returns
    -------
    (n,) uint64
        0 for a file that can't be asked: it is left out with the reason when it is decoded.
    """
    return np.array([_digest(folder / path) for path in paths], np.uint64)


def file_identity(path: Path) -> tuple[int, ...]:
    """Give what tells a file, as it is now, from others and from what it was before."""
    status = os.stat(path)
    # The time of the last change of anything can't be set back, as that of the content can.
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def _digest(path: Path) -> int:
    try:
        parts = file_identity(path)
    except OSError:
        return _UNKNOWN
    return int.from_bytes(hashlib.sha256(repr(parts).encode()).digest()[:8], "little")


class EarlierRows:
    """The images in earlier caches, by the numbers of their files.

    Parameters
    ----------
    caches : iterable of Path
        Folders that `load_folder` has made, of images of one size. Damaged ones hold nothing.
    """

    def __init__(self, caches: Iterable[Path]) -> None:
        self._parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        for cache in caches:
            for part in ("train", "test"):
                try:
                    self._parts.append(_part(cache, part))
                except (OSError, ValueError, TypeError, KeyError, AttributeError):
                    continue

    def has(self, digests: np.ndarray) -> np.ndarray:
        """Tell of each number (n,) whether there is an image of its file, (n,) bool."""
        found = np.zeros(len(digests), bool)
        for known, _, _ in self._parts:
            found |= np.isin(digests, known)
        return found

    def image(self, digest: np.uint64) -> np.ndarray:
        """Give the image (height, width, 3) uint8 of a file; `has` tells whether there is one."""
        for known, rows, images in self._parts:
            place = np.searchsorted(known, digest)
            if place < len(known) and known[place] == digest:
                return images[rows[place]]
        raise KeyError(digest)


def _part(cache: Path, part: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give the sorted numbers of a cache's files, their rows, and the images."""
    digests = np.load(cache / f"{part}-files.npy", allow_pickle=False)
    images = np.load(cache / f"{part}.npy", mmap_mode="r", allow_pickle=False)
    skipped = [position for position, _ in read_json(cache / "skipped.json")[part]]
    digests = np.delete(digests, skipped)
    if digests.shape != images.shape[:1] or digests.dtype != np.uint64:
        raise ValueError("the numbers are not those of the images")
    rows = np.argsort(digests)[np.count_nonzero(digests == _UNKNOWN) :]
    return digests[rows], rows, images
