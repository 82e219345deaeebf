"""Decode image files in parallel, in their order, and only a few ahead."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path

import numpy as np

from keras_selflearn.console.signals import check_for_stop
from keras_selflearn.datasets.image_files.reading import read_picture

_SECONDS_BETWEEN_LOOKS = 0.2
# So many for each processor, or else one would wait while another decodes a large one.
_IMAGES_AHEAD = 2


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

    def read(path: str) -> np.ndarray | str:
        try:
            return read_picture(folder / path, size, stopping)
        except ValueError as error:
            return str(error)

    processors = os.cpu_count() or 1
    ahead = max(ahead, _IMAGES_AHEAD * processors)
    waiting: deque[tuple[str, Future[np.ndarray | str]]] = deque()
    # Pillow decodes without Python's lock.
    with ThreadPoolExecutor(processors) as pool:
        try:
            for path in paths:
                waiting.append((path, pool.submit(read, path)))
                if len(waiting) > ahead:
                    path, future = waiting.popleft()
                    yield path, _result(future)
            while waiting:
                path, future = waiting.popleft()
                yield path, _result(future)
        finally:
            stopping.set()
            for _, future in waiting:
                future.cancel()


def _result(future: Future[np.ndarray | str]) -> np.ndarray | str:
    while not future.done():
        check_for_stop()
        wait([future], _SECONDS_BETWEEN_LOOKS)
    return future.result()
