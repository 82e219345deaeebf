"""Decode image files in parallel, in their order, and only a few ahead."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, TypeVar

import numpy as np

from keras_selflearn.console.signals import check_for_stop
from keras_selflearn.datasets.image_files.reading import read_picture

_Image = TypeVar("_Image")
_SECONDS_BETWEEN_LOOKS = 0.2
# So many for each processor, or else one would wait while another decodes a large one.
_IMAGES_AHEAD = 2
# Of files that are not decoded yet, so many bytes are in memory.
_BYTES_AHEAD = 2**28


@dataclass(frozen=True)
class Encoded:
    """An image that is not decoded yet.

    Attributes
    ----------
    name : str
    size : int
        In bytes: so many it takes until it is decoded.
    content : callable without arguments
        Gives all that is in its file. It is called in another thread. A `ValueError` is the reason
        why the image can't be read.
    """

    name: str
    size: int
    content: Callable[[], bytes]


def decode_pictures(
    folder: Path, paths: Iterable[str], size: int | tuple[int, int], *, ahead: int = 0
) -> Generator[tuple[str, np.ndarray | str], None, None]:
    """Give each path with its pixels, or with the reason why it has none.

    A signal to stop raises `Stopped` also while an image is decoded.

    Parameters
    ----------
    folder : Path
    paths : iterable of str
        Below the folder.
    size : int or (height, width)
        See `read_picture`.
    ahead : int
        How many to decode at least before the first is taken.

    Yields
    ------
    path : str
    image : (height, width, 3) uint8 or str
    """
    stopping = threading.Event()

    def read(path: str) -> np.ndarray:
        return read_picture(folder / path, size, stopping)

    yield from _in_order(((path, 0, path) for path in paths), read, stopping, 0, ahead)


def decode_encoded(
    images: Iterable[Encoded], size: int | tuple[int, int], *, threads: int = 0, ahead: int = 0
) -> Generator[tuple[str, np.ndarray | str], None, None]:
    """Give the name of each image with its pixels, or with the reason why it has none.

    As `decode_pictures`, of images that are in no file of their own. At most about 256 MiB wait to
    be decoded, beside the largest image.

    Parameters
    ----------
    images : iterable of Encoded
        Iterated over in the thread that calls.
    size : int or (height, width)
    threads : int
        How many images are fetched at a time at least: most of that is waiting.
    ahead : int
    """
    stopping = threading.Event()

    def read(image: Encoded) -> np.ndarray:
        return read_picture(image.content(), size, stopping)

    yield from _in_order(
        ((image.name, image.size, image) for image in images), read, stopping, threads, ahead
    )


def _in_order(
    images: Iterable[tuple[str, int, _Image]],
    read: Callable[[_Image], np.ndarray],
    stopping: threading.Event,
    threads: int,
    ahead: int,
) -> Generator[tuple[str, np.ndarray | str], None, None]:
    """Read names, bytes and images in parallel. When it is closed, `stopping` is set."""

    def tried(image: _Image) -> np.ndarray | str:
        try:
            return read(image)
        except ValueError as error:
            return str(error)

    threads = max(threads, os.cpu_count() or 1)
    ahead = max(ahead, _IMAGES_AHEAD * threads)
    waiting: deque[tuple[str, int, Future[np.ndarray | str]]] = deque()
    held = 0
    # Pillow decodes without Python's lock.
    with ThreadPoolExecutor(threads) as pool:
        try:
            for name, number, image in images:
                waiting.append((name, number, pool.submit(tried, image)))
                del image  # Or its bytes would stay while the next are read.
                held += number
                while len(waiting) > ahead or (held > _BYTES_AHEAD and waiting):
                    name, number, future = waiting.popleft()
                    held -= number
                    yield name, _result(future)
            while waiting:
                name, _, future = waiting.popleft()
                yield name, _result(future)
        finally:
            stopping.set()
            for _, _, future in waiting:
                future.cancel()


def _result(future: Future[np.ndarray | str]) -> np.ndarray | str:
    while not future.done():
        check_for_stop()
        wait([future], _SECONDS_BETWEEN_LOOKS)
    return future.result()


def whole_images(
    decoded: Iterator[tuple[str, np.ndarray | str]], on_damaged: Callable[[str, str], None]
) -> Iterator[tuple[str, np.ndarray]]:
    """Give the paths and the images that are whole.

    A damaged one has a reason in place of the image, which `on_damaged` gets with the path.
    """
    for path, image in decoded:
        if isinstance(image, str):
            on_damaged(path, image)
        else:
            yield path, image
