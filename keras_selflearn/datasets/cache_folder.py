"""Folders of decoded images. They are filled under another name and then renamed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Callable

import numpy as np

from keras_selflearn.storage.unfinished import remove_left_overs_in, unfinished_folder


@contextlib.contextmanager
def made_whole(folder: Path, is_whole: Callable[[], bool]) -> Iterator[Path]:
    """Give an empty folder to fill. At the end of the block it is renamed to `folder`.

    What killed processes left in the folder around it, under any name, is removed.

    Parameters
    ----------
    folder : Path
        Not there yet.
    is_whole : callable
        Says whether the folder exists after all: another process may have made it meanwhile.

    Raises
    ------
    OSError
        When the disk is full or can't be written.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    remove_left_overs_in(folder.parent)
    with unfinished_folder(folder) as unfinished:
        yield unfinished
        try:
            unfinished.rename(folder)
        except OSError:
            if not is_whole():
                raise


def write_header(file: BinaryIO, shape: tuple[int, ...]) -> None:
    """Write the header of a .npy file of uint8 images. Their pixels follow.

    Not through a memory map, where a full disk kills the process instead of raising.
    """
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)


def map_images(path: Path) -> np.ndarray:
    """Map a .npy file of images into memory, read-only.

    Raises
    ------
    ValueError
        When it is damaged.
    """
    with path.open("rb") as file:
        np.lib.format.read_magic(file)
        shape, _, _ = np.lib.format.read_array_header_1_0(file)
    # What is empty can't be mapped.
    return np.load(path, mmap_mode="r" if shape[0] else None, allow_pickle=False)
