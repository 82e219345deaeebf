"""Pixels of other kinds and images of other sizes as the uint8 images that a network takes."""

from __future__ import annotations

import warnings

import numpy as np
from PIL import Image

from keras_selflearn.console.errors import InputError, InputWarning

# What `float_max` may be: the number that is white.
FLOAT_MAXIMA = (1, 255)
_WHITE = 255


def check_float_max(float_max: object) -> None:
    """Raise an `InputError` unless this is 1, 255 or None."""
    if float_max is not None and (isinstance(float_max, bool) or float_max not in FLOAT_MAXIMA):
        raise InputError(
            f"float_max is {float_max!r}: give 1 for float images from 0 to 1, 255 for those from 0"
            " to 255, or None."
        )


def check_dtype(dtype: np.dtype, name: str, float_max: float | None) -> None:
    """Raise an `InputError` unless pixels of this dtype are uint8, or floats of a known range."""
    if dtype == np.uint8 or (dtype.kind == "f" and float_max is not None):
        return
    also = (
        ", or say with float_max=1 or float_max=255 which number is white"
        if dtype.kind == "f"
        else ""
    )
    raise InputError(f"{name} has dtype {dtype}: give uint8 pixels from 0 to 255{also}.")


def to_uint8(pixels: np.ndarray, name: str, float_max: float | None) -> np.ndarray:
    """Scale float pixels from 0 to `float_max` to 0 to 255, rounded; uint8 stays as it is.

    Raises
    ------
    InputError
        For another dtype, for floats without a `float_max`, and for a pixel outside the range.
    """
    check_dtype(pixels.dtype, name, float_max)
    if pixels.dtype == np.uint8 or float_max is None:
        return pixels
    # What resizing or a JPEG leaves beside the range by its rounding is no other range.
    slack = 0.01 * float_max
    least, most = pixels.min(initial=0), pixels.max(initial=0)
    if not (least >= -slack and most <= float_max + slack):
        raise InputError(
            f"{name} has pixels from {least:g} to {most:g}, and float_max={float_max} says from 0"
            f" to {float_max}: scale them, or give another float_max."
        )
    scaled = np.rint(pixels.astype(np.float32) * np.float32(_WHITE / float_max))
    return scaled.clip(0, _WHITE).astype(np.uint8)


class Brightest:
    """Warns where all images of a range up to 255 are black, because it is probably up to 1."""

    def __init__(self) -> None:
        self._most = 0.0
        self._is_float = False

    def add(self, pixels: np.ndarray) -> None:
        """Count these pixels in."""
        self._is_float |= pixels.dtype.kind == "f"
        self._most = max(self._most, float(pixels.max(initial=0)))

    def warn(self, name: str, float_max: float | None) -> None:
        """Warn if it is so."""
        if self._is_float and float_max == _WHITE and 0 < self._most <= 1:
            warnings.warn(
                f"{name} has no float pixel above 1, and float_max=255 says that 255 is white: give"
                " float_max=1 if 1 is.",
                InputWarning,
                stacklevel=5,
            )


def resized(images: np.ndarray, height: int, width: int) -> np.ndarray:
    """Resize images (n, h, w, 1 or 3) uint8 with antialiasing, as image files are."""
    if images.shape[1:3] == (height, width):
        return images
    found = np.empty((len(images), height, width, images.shape[3]), np.uint8)
    for image, place in zip(images, found):
        picture = Image.fromarray(image[..., 0] if image.shape[2] == 1 else image)
        smaller = picture.resize((width, height), Image.Resampling.BICUBIC)
        place[:] = np.asarray(smaller).reshape(place.shape)
    return found
