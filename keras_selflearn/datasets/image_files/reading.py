"""Read one image file of any kind as RGB pixels for a network."""

from __future__ import annotations

import contextlib
import io
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from keras_selflearn.datasets.image_files.cost import Cost
from keras_selflearn.datasets.image_files.memory_budget import Budget, Stopping
from keras_selflearn.datasets.image_files.one_file import Unfit, decode, upright_size
from keras_selflearn.datasets.image_files.separate_process import (
    MOST_BYTES,
    check_memory,
    decode_apart,
)

# Of the names of files that are worth opening. What is in them, their first bytes say.
SUFFIXES = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".gif", ".webp"),
    *(".tif", ".tiff", ".avif", ".heic", ".heif"),
)
# What is decoded at a time in this process, and in those that it starts, by all threads.
_BUDGET = Budget(MOST_BYTES)
# What takes more than an ordinary photograph gets a process of its own, which can be ended.
_ORDINARY_BYTES = 384 * 2**20
_ORDINARY_SECONDS = 2.0
# A file may hold millions of texts or comments before its pixels.
_MOST_READS = 500_000
# Of damaged EXIF, which changes no pixel. Not around each image: threads that set filters for a
# while leave each other's behind.
warnings.filterwarnings("ignore", module=r"PIL\.")


class _Large(Unfit):
    """An image that gets a process of its own."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.bytes = number


class _FewReads(io.BufferedReader):
    """A file that can be read so many times. Each takes Python about a microsecond."""

    def __init__(self, source: Path | bytes) -> None:
        raw: Any = io.BytesIO(source) if isinstance(source, bytes) else io.FileIO(source)
        super().__init__(raw)
        self._left = _MOST_READS

    def read(self, size: int | None = -1) -> bytes:
        """Raise `_Large` if it was the last time."""
        self._left -= 1
        if self._left < 0:
            raise _Large(MOST_BYTES)
        return super().read(size)


def read_picture(
    source: Path | bytes, size: int | tuple[int, int], stopping: threading.Event | None = None
) -> np.ndarray:
    """Decode an image file and resize it with antialiasing. Its proportions may change.

    What it is, its content says, and not its name. The first frame of several; turned as its EXIF
    says; transparent parts on white; grey, palette, CMYK and 16-bit images as RGB. All threads
    together decode so many at a time that they take about 1 GiB. One that takes more than 1 GiB, or
    more than 10 seconds, is not read.

    Parameters
    ----------
    source : Path or bytes
        The file, or all that is in it.
    size : int or (int, int)
        Height and width of the result, in pixels; one number for a square.
    stopping : Event, optional
        Set by another thread when nobody waits for the image any more.

    Returns
    -------
    (height, width, 3) uint8

    Raises
    ------
    ValueError
        With the reason, when it can't be read or is no whole image.
    """
    rows, columns = (size, size) if isinstance(size, int) else size
    stopping = stopping or threading.Event()

    @contextlib.contextmanager
    def admitted(cost: Cost) -> Iterator[None]:
        check_memory(cost)
        if cost.bytes > _ORDINARY_BYTES or cost.seconds > _ORDINARY_SECONDS:
            raise _Large(cost.bytes)
        with _BUDGET.taken(cost.bytes, stopping):
            yield

    try:
        try:
            with _FewReads(source) as file:
                return decode(file, rows, columns, admitted)
        except (_Large, Image.DecompressionBombError) as large:
            # How large, Pillow does not say of what it takes for a bomb.
            needed = large.bytes if isinstance(large, _Large) else MOST_BYTES
            with _BUDGET.taken(needed, stopping):
                return decode_apart(source, rows, columns, stopping)
    except Stopping:
        raise ValueError("nobody waits for it any more") from None
    except Exception as error:  # Each of Pillow's decoders raises its own.
        raise ValueError(str(error) or type(error).__name__) from error


def picture_size(path: Path) -> tuple[int, int]:
    """Give the height and width of an image file in pixels, turned as its EXIF says.

    Raises
    ------
    ValueError
        With the reason, when its header can't be read. Its pixels may still be readable.
    """
    try:
        with _FewReads(path) as file:
            return upright_size(file)
    except Exception as error:  # Each of Pillow's decoders raises its own.
        raise ValueError(str(error) or type(error).__name__) from error
