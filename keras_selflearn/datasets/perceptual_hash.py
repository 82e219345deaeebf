"""A hash of 64 bits that images which look the same have in common, or nearly.

Zauner 2010 (Implementation and benchmarking of perceptual image hash functions): the lowest
frequencies of a small grey picture, each above or below their median. A change of brightness, of
contrast or of size, and the noise of compression, change few of these bits.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from PIL import Image

SIDE = 32  # pixels
BITS = 64
_FREQUENCIES = 8
_BLOCK = 1024
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
# Rounded levels and the noise of compression make so much of a frequency that is not there.
_NOTHING = 1.0


def small_pictures(images: Iterable[np.ndarray], n: int) -> np.ndarray:
    """Give the means of 32 by 32 parts of each image, (n, 32, 32, 3) uint8.

    Parameters
    ----------
    images : iterable of n (height, width, 3) uint8
        Only one is in memory at a time.
    n : int
    """
    pictures = np.empty((n, SIDE, SIDE, 3), np.uint8)
    for i, image in enumerate(images):
        picture = Image.fromarray(np.ascontiguousarray(image))
        small = picture.resize((SIDE, SIDE), Image.Resampling.BOX, reducing_gap=1.0)
        pictures[i] = np.asarray(small)
    return pictures


def perceptual_hashes(pictures: np.ndarray) -> np.ndarray:
    """Give the bits (n, 64) bool of `small_pictures`; none is set in a picture of one colour."""
    waves = _cosines()
    bits = np.empty((len(pictures), BITS), bool)
    for start in range(0, len(pictures), _BLOCK):
        block = pictures[start : start + _BLOCK]
        frequencies = (waves @ (block @ _LUMA) @ waves.T).reshape(len(block), BITS)
        frequencies[np.abs(frequencies) < _NOTHING] = 0
        bits[start : start + _BLOCK] = frequencies > np.median(frequencies, axis=1, keepdims=True)
    return bits


def _cosines() -> np.ndarray:
    """The lowest waves (8, 32) of the discrete cosine transform but for the constant one."""
    number = np.arange(1, _FREQUENCIES + 1)[:, None]
    place = np.arange(SIDE) + 0.5
    return (np.sqrt(2 / SIDE) * np.cos(np.pi / SIDE * number * place)).astype(np.float32)
