"""Pixels of other dtypes as 0 to 255. Each dtype has its own range, which TensorFlow documents."""

from __future__ import annotations

import warnings

import numpy as np

from keras_selflearn.console.errors import InputError, InputWarning

# By dtype, as in `tf.image.convert_image_dtype`: the number that means white. 0 means black.
WHITE = {"uint8": 255, "uint16": 65535, "float32": 1}
_WHITE_HERE = 255


def check_pixel_dtype(dtype: str, name: str) -> None:
    """Raise an `InputError` unless the range of the images of data set `name` is known.

    Warn where it is another than that of uint8.
    """
    if dtype not in WHITE:
        raise InputError(
            f"Images of data set '{name}' are {dtype}, and which number is white is not known:"
            f" choose a data set of {', '.join(WHITE)}, or use --dataset=folder."
        )
    if WHITE[dtype] != _WHITE_HERE:
        warnings.warn(
            f"Images of data set '{name}' are {dtype}: pixels from 0 to {WHITE[dtype]} become"
            f" pixels from 0 to {_WHITE_HERE}.",
            InputWarning,
            stacklevel=3,
        )


def to_uint8(pixels: np.ndarray, dtype: str, name: str) -> np.ndarray:
    """Scale pixels from the range of `dtype` to 0 to 255.

    Parameters
    ----------
    pixels : array
        As they are stored, or float32 in the same range after resizing.
    dtype : str
        The dtype that they are stored with, one of `WHITE`.
    name : str
        Of the data set, for the message.

    Returns
    -------
    array of uint8
        Of the same shape, rounded.

    Raises
    ------
    InputError
        When a pixel lies outside the range.
    """
    if pixels.dtype == np.uint8:
        return pixels
    white = WHITE[dtype]
    # Resizing computes in float32, and may pass the end of the range by its rounding error.
    if not (pixels.min(initial=0) >= -1e-4 * white and pixels.max(initial=0) <= 1.0001 * white):
        raise InputError(
            f"Images of data set '{name}' are {dtype} and have pixels outside 0 to {white}: choose"
            " another, or use --dataset=folder."
        )
    scaled = np.rint(pixels.astype(np.float32) * (_WHITE_HERE / white))
    return scaled.clip(0, _WHITE_HERE).astype(np.uint8)
