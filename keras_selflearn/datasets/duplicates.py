"""Images that are the same as another one, or nearly."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Callable

import numpy as np

from keras_selflearn.datasets.perceptual_hash import BITS, perceptual_hashes, small_pictures

# Bits in which the hashes of near duplicates differ at most, and the least correlation of their
# small pictures. docs/own-images.md says how they were chosen.
_MOST_BITS = 6
_LEAST_CORRELATION = 0.95
# Levels of 255. Below this contrast the correlation is that of noise, and the levels decide.
_FLAT = 4.0
_CLOSE = 2.0
_BLOCK = 256
# An image that looks like thousands of others is compared with so many of them only.
_MOST_COMPARED = 20


@dataclass(frozen=True)
class Copies:
    """For each image the first one that it is a copy of.

    Attributes
    ----------
    first : (n,) int64
        The position of an earlier image; -1 if this image is no copy.
    is_identical : (n,) bool
        Whether all pixels are the same; else they are nearly the same.
    distance : (n,) int64
        In how many of 64 bits the perceptual hashes differ; 0 if the image is no copy.
    """

    first: np.ndarray
    is_identical: np.ndarray
    distance: np.ndarray


def find_copies(image: Callable[[int], np.ndarray], n: int) -> Copies:
    """Find the images that are the same as an earlier one, pixel for pixel or nearly.

    Near duplicates are those whose perceptual hashes differ in at most 6 of 64 bits, and whose
    small pictures have a correlation of at least 0.95. Images of nearly one colour are near
    duplicates if their levels differ by at most 2 of 255. Hashes of all images are compared, in
    blocks: this takes 64 multiplications for each two images. A copy is compared with nothing more,
    and an image with at most 20 others of a close hash.

    Parameters
    ----------
    image : callable
        From a position, 0 to n - 1, to its pixels (height, width, 3) uint8, all of one size.
    n : int
    """
    pictures = small_pictures((image(i) for i in range(n)), n)
    found = Copies(np.full(n, -1), np.zeros(n, bool), np.zeros(n, np.int64))
    for i, first in _identical(pictures, image):
        found.first[i], found.is_identical[i] = first, True
    others = np.flatnonzero(~found.is_identical)
    hashes = perceptual_hashes(pictures[others]) if len(others) else np.zeros((0, BITS), bool)
    for rows, columns, distances in _close(hashes):
        here, there = others[rows], others[columns]
        for wanted in range(_MOST_COMPARED):
            asking = (_places_in_runs(here) == wanted) & (found.first[here] < 0)
            one, other = here[asking], there[asking]
            alike = _alike(pictures[one], pictures[other])
            found.first[one[alike]] = other[alike]
            found.distance[one[alike]] = distances[asking][alike]
    return found


def _identical(
    pictures: np.ndarray, image: Callable[[int], np.ndarray]
) -> Iterator[tuple[int, int]]:
    """Each image with the first one that has the same pixels."""
    groups: dict[bytes, list[int]] = {}
    for i, picture in enumerate(pictures):
        groups.setdefault(_digest(picture), []).append(i)
    for group in groups.values():
        firsts: dict[bytes, int] = {}
        for i in group if len(group) > 1 else ():
            first = firsts.setdefault(_digest(image(i)), i)
            if first != i:
                yield i, first


def _digest(pixels: np.ndarray) -> bytes:
    return hashlib.blake2b(np.ascontiguousarray(pixels).data, digest_size=16).digest()


def _close(hashes: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Images, earlier ones with a close hash, and the distances, sorted by both."""
    signs = np.where(hashes, np.float32(1), np.float32(-1))
    for start in range(0, len(signs), _BLOCK):
        stop = min(start + _BLOCK, len(signs))
        products = signs[start:stop] @ signs[:stop].T
        # NumPy finds the few true ones of a flat array several times as fast.
        is_close = (products >= BITS - 2 * _MOST_BITS).ravel()
        rows, columns = np.divmod(np.flatnonzero(is_close), stop)
        earlier = columns < rows + start
        rows, columns = rows[earlier], columns[earlier]
        distances = (BITS - products[rows, columns]).astype(np.int64) // 2
        yield rows + start, columns, distances


def _places_in_runs(values: np.ndarray) -> np.ndarray:
    """The place of each value in the run of values that are equal to it, from 0."""
    _, begins, numbers = np.unique(values, return_index=True, return_counts=True)
    return np.arange(len(values)) - np.repeat(begins, numbers)


def _alike(pictures: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Whether small pictures (k, 32, 32, 3) look the same, (k,) bool."""
    (one, contrast), (other, of_other) = _centred(pictures), _centred(others)
    shared = (one * other).mean(axis=(1, 2, 3))
    difference = pictures.astype(np.float32) - others
    is_close = np.sqrt(np.square(difference).mean(axis=(1, 2, 3))) <= _CLOSE
    is_flat = np.minimum(contrast, of_other) < _FLAT
    return np.where(is_flat, is_close, shared >= _LEAST_CORRELATION * contrast * of_other)


def _centred(pictures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pictures without the mean of each colour, and how far their levels deviate from it."""
    levels = pictures.astype(np.float32)
    levels -= levels.mean(axis=(1, 2), keepdims=True)
    return levels, np.sqrt(np.square(levels).mean(axis=(1, 2, 3)))
