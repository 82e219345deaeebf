"""Decode one image file, in spite of what may be wrong beside its pixels."""

from __future__ import annotations

import io
from contextlib import AbstractContextManager
from typing import Any, BinaryIO, Callable

import numpy as np
from PIL import Image, UnidentifiedImageError

from keras_selflearn.datasets.image_files.cost import Cost, cost
from keras_selflearn.datasets.image_files.deep_colours import has_deep_colours, lower_bytes
from keras_selflearn.datasets.image_files.file_format import HEAD, image_format
from keras_selflearn.datasets.image_files.metadata import (
    all_scans_there,
    next_restart,
    significant_bits,
    without_extras,
)
from keras_selflearn.datasets.image_files.to_rgb import REDUCING_GAP, bands, is_dark, resized_rgb

_ORIENTATION = 0x0112
# By EXIF's number: what turns the image upright.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_ON_ITS_SIDE = (5, 6, 7, 8)
_TIFF_BITS = 258
# What a format ends with, for files whose end is missing.
_ENDS = {"JPEG": b"\xff\xd9", "BMP": b"", "GIF": b"\0;"}
_ALL_KINDS_OF_BYTES = bytes((7 * i * i + 13 * i + 85) % 255 for i in range(64))


# To look for what lies beside the pixels, where it lies in millions of parts.
_SECONDS_A_BYTE = 125e-9


class Unfit(ValueError):
    """A file that can't be decoded here, whatever is left out of it."""


# The pixels are decoded within the block. It raises `Unfit` where they cost too much.
Admit = Callable[[Cost], AbstractContextManager[Any]]


def decode(file: BinaryIO, rows: int, columns: int, admit: Admit) -> np.ndarray:
    """Give the pixels of an image file, (rows, columns, 3) uint8, upright and on white.

    Parameters
    ----------
    file : binary file
        At its beginning.
    rows, columns : int
    admit : Admit
        Asked once before each attempt to decode pixels.

    Raises
    ------
    Exception
        Each of Pillow's decoders raises its own.
    """
    kind = image_format(file.read(HEAD))
    try:
        return _pixels(file, kind, rows, columns, admit)
    except (Unfit, MemoryError, Image.DecompressionBombError):
        raise
    except Exception as error:
        size = file.seek(0, 2)
        with admit(Cost(0, size, size * _SECONDS_A_BYTE)):
            file.seek(0)
            bare, exif = without_extras(file.read(), kind)
        for attempt in (_pixels, _pixels_without_end):
            try:
                return attempt(io.BytesIO(bare), kind, rows, columns, admit, exif)
            except (Unfit, MemoryError, Image.DecompressionBombError):
                raise
            except Exception:  # The first is of the file as it is.
                continue
        if isinstance(error, UnidentifiedImageError):
            # Pillow names an object of Python there.
            raise ValueError(f"cannot identify an image in it: a damaged {kind} header") from error
        raise


def upright_size(file: BinaryIO) -> tuple[int, int]:
    """Give the height and width of an image file, turned as its EXIF says; no pixel is decoded.

    Parameters
    ----------
    file : binary file
        At its beginning.

    Raises
    ------
    Exception
        Each of Pillow's decoders raises its own.
    """
    image = _opened(file, image_format(file.read(HEAD)))
    width, height = image.size
    return (width, height) if _orientation(image) in _ON_ITS_SIDE else (height, width)


def _pixels(
    file: BinaryIO, kind: str, rows: int, columns: int, admit: Admit, exif: bytes = b""
) -> np.ndarray:
    image = _opened(file, kind)
    if exif:
        image.info["exif"] = exif
    stored = image.width * image.height
    enough = int(REDUCING_GAP * max(rows, columns))
    # Where the format allows that, no more than so much of a photograph is decoded.
    image.draft(None, (enough, enough))
    deep = has_deep_colours(image)
    with admit(cost(image, kind, stored, file)):
        image.load()
        low = lower_bytes(_opened(file, kind)) if deep and is_dark(image) else None
        turn = _orientation(image)
        if turn in _ON_ITS_SIDE:
            rows, columns = columns, rows
        bits = _bits(image, kind, file) if low or image.mode.startswith("I") else None
        resized = resized_rgb(image, columns, rows, low=low, bits=bits)
    return np.asarray(resized.transpose(_TURNS[turn]) if turn else resized)


def _pixels_without_end(
    file: BinaryIO, kind: str, rows: int, columns: int, admit: Admit, exif: bytes
) -> np.ndarray:
    """The pixels of a file that stops before its end, if no pixel depends on what is missing."""
    content = file.read()
    if kind not in _ENDS or (kind == "JPEG" and not all_scans_there(content)):
        raise ValueError("pixels are missing")
    if kind == "JPEG":
        content = content.rstrip(b"\xff")  # Half of a marker.
    fills = (bytes(4096), _parts(next_restart(content) if kind == "JPEG" else 0))
    ended = [io.BytesIO(content + fill + _ENDS[kind]) for fill in fills]
    images = [_opened(each, kind) for each in ended]
    size = images[0].size
    # At full size: a smaller one may not show the difference.
    with admit(cost(images[0], kind, size[0] * size[1], ended[0]).times(2)):
        for image in images:
            image.load()
        for box in bands(size):
            first, second = (image.crop(box).tobytes() for image in images)
            if first != second:
                raise ValueError("pixels are missing")
    del images, image
    return _pixels(ended[0], kind, rows, columns, admit, exif)


def _parts(first: int) -> bytes:
    """All kinds of bytes, 64 times. A JPEG's restart markers from the `first` on part them."""
    markers = (bytes([0xFF, 0xD0 + (first + part) % 8]) for part in range(64))
    return b"".join(_ALL_KINDS_OF_BYTES + marker for marker in markers)


def _opened(file: BinaryIO, kind: str) -> Image.Image:
    file.seek(0)
    return Image.open(file, formats=(kind,))


def _orientation(image: Image.Image) -> int | None:
    """EXIF's number for it, None where it is upright already or nothing valid is said."""
    try:
        number = image.getexif().get(_ORIENTATION)
        return int(number) if number in _TURNS else None
    except Exception:  # Damaged EXIF changes no pixel.
        return None


def _bits(image: Image.Image, kind: str, file: BinaryIO) -> int | None:
    """How many bits of a sample the file says it uses, None where it says nothing."""
    if kind == "PNG":
        file.seek(0)
        return significant_bits(file.read())
    if kind == "TIFF":
        bits = max(image.tag_v2.get(_TIFF_BITS, (16,)))  # type: ignore[attr-defined]
        # The samples of a sensor of 12 bits are mostly stored as 16.
        return bits if bits < 16 else None
    return None
