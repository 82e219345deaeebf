"""What is decoded of many pieces: a map of images for each part, and a line for each piece.

A store is a folder with `train.npy`, `test.npy` and `pieces.jsonl`. A line is written when the rows
of its piece are on the disk, so what a killed process leaves is whole up to its last line.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import numpy as np

from keras_selflearn.datasets.cache_folder import write_header
from keras_selflearn.storage.files import fsync

PARTS = ("train", "test")
JOURNAL = "pieces.jsonl"


class Done(msgspec.Struct):
    """A piece that is decoded.

    Attributes
    ----------
    identity, part : str
        Those of the piece.
    names : list of str
        Of the images in the map, in the order of their rows.
    labels : list of str
        The given ones; empty for an image without a label.
    skipped : list of (path, reason)
    left_out : dict
        See `LeftOut.state`.
    again : bool
        Whether something was left out that may be read another time.
    """

    identity: str
    part: str
    names: list[str]
    labels: list[str]
    skipped: list[tuple[str, str]]
    left_out: dict[str, Any]
    again: bool


class Store:
    """The decoded pieces in a folder, as far as it is whole.

    Attributes
    ----------
    folder : Path
    done : list of Done
    """

    def __init__(self, folder: Path, image_size: int) -> None:
        self.folder = folder
        self._shape = (image_size, image_size, 3)
        self.done = self._read()
        self._places: dict[str, tuple[Done, int]] = {}
        ends = dict.fromkeys(PARTS, 0)
        for each in self.done:
            self._places[each.identity] = each, ends[each.part]
            ends[each.part] += len(each.names)

    def find(self, identity: str) -> tuple[Done, np.ndarray] | None:
        """Give a piece and its images, (n, height, width, 3) uint8.

        None if it is not here, or may be read another time.
        """
        found, begin = self._places.get(identity, (None, 0))
        if found is None or found.again:
            return None
        if not found.names:
            return found, np.zeros((0, *self._shape), np.uint8)
        path, shape = self.folder / f"{found.part}.npy", (len(found.names), *self._shape)
        return found, np.memmap(path, np.uint8, "r", _place(begin, self._shape), shape)

    def _read(self) -> list[Done]:
        done: list[Done] = []
        ends = dict.fromkeys(PARTS, 0)
        try:
            sizes = {part: (self.folder / f"{part}.npy").stat().st_size for part in PARTS}
            lines = (self.folder / JOURNAL).read_bytes().splitlines()
            for line in lines:
                # json and not msgspec: names of files need not be text.
                one = msgspec.convert(json.loads(line), Done)
                ends[one.part] += len(one.names)
                if _place(ends[one.part], self._shape) > sizes[one.part]:
                    break
                done.append(one)
        except (OSError, ValueError, KeyError, RecursionError, msgspec.ValidationError):
            pass  # The rest is decoded anew.
        return done


class Writer:
    """Writes a store, behind the pieces that are done already.

    Parameters
    ----------
    folder : Path
    image_size : int
    done : sequence of Done
        The first of those in the folder. All others are cut off.

    Raises
    ------
    OSError
        By every method, when the disk is full or can't be written.
    """

    def __init__(self, folder: Path, image_size: int, done: Sequence[Done]) -> None:
        self._shape = (image_size, image_size, 3)
        self.done = list(done)
        self._journal = _opened(folder / JOURNAL, sum(len(_line(each)) for each in done))
        self._files = {}
        for part in PARTS:
            path, end = folder / f"{part}.npy", _place(self._rows(part), self._shape)
            self._files[part] = _opened(path, end)
            self._write_header(part, 0)
            self._files[part].seek(end)

    def write(self, part: str, images: np.ndarray) -> None:
        """Write images, (height, width, 3) or (n, height, width, 3) uint8, of the next piece."""
        self._files[part].write(np.ascontiguousarray(images).data)

    def add(self, done: Done) -> None:
        """End a piece: put its rows on the disk, and then its line."""
        for file, content in ((self._files[done.part], b""), (self._journal, _line(done))):
            file.write(content)
            file.flush()
            fsync(file.fileno())
        self.done.append(done)

    def finish(self) -> None:
        """Write how many rows there are."""
        for part in PARTS:
            self._write_header(part, self._rows(part))

    def close(self) -> None:
        """Close the files."""
        for file in (self._journal, *self._files.values()):
            file.close()

    def _rows(self, part: str) -> int:
        return sum(len(each.names) for each in self.done if each.part == part)

    def _write_header(self, part: str, rows: int) -> None:
        file = self._files[part]
        file.seek(0)
        write_header(file, (rows, *self._shape))
        if file.tell() != _place(0, self._shape):
            raise RuntimeError("NumPy's header has another length for another number of images")


def _opened(path: Path, end: int) -> BinaryIO:
    """Open a file whose bytes from `end` on are cut off."""
    file = path.open("r+b" if path.exists() else "w+b")
    file.truncate(end)
    file.seek(0, io.SEEK_END)
    return file


def _place(row: int, shape: tuple[int, ...]) -> int:
    """Where a row begins in a .npy file, in bytes."""
    header = io.BytesIO()
    write_header(header, (0, *shape))
    return header.tell() + row * math.prod(shape)


def _line(done: Done) -> bytes:
    return json.dumps(msgspec.to_builtins(done)).encode() + b"\n"
