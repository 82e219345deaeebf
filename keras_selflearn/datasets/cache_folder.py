"""Folders of decoded images. They are filled under another name and then renamed."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Callable

import numpy as np

_UNFINISHED = ".unfinished-"
_SECONDS_TO_FINISH = 24 * 3600


@contextlib.contextmanager
def made_whole(folder: Path, is_whole: Callable[[], bool]) -> Iterator[Path]:
    """Give an empty folder to fill. At the end of the block it is renamed to `folder`.

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
    for left_over in folder.parent.glob(f"{_UNFINISHED}*"):
        # What a killed process left behind; a living one is done by then.
        if time.time() - left_over.stat().st_mtime > _SECONDS_TO_FINISH:
            shutil.rmtree(left_over, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=_UNFINISHED, dir=folder.parent) as beside:
        unfinished = Path(beside, folder.name)
        unfinished.mkdir()
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
