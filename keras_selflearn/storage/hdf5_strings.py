"""Strings of varying length in an HDF5 file, checked in its bytes before libhdf5 reads them.

They lie in heaps, and a reference is a length, a heap's address and a number within it. libhdf5
(1.14.6 and 2.0.0) reads some damaged heaps for ever, crashes on others, and takes whatever memory a
reference asks for before it compares. See "Global Heap" in the HDF5 File Format Specification.
"""

from __future__ import annotations

import mmap
import re
import struct
from dataclasses import dataclass
from pathlib import Path

_SIGNATURE = re.compile(rb"GCOL\x01")
_HEAD = struct.Struct("<8xQ")  # Of a heap: signature, version and padding; its size.
_ITEM = struct.Struct("<H6xQ")  # Of a string: its number, a count and padding; its size.
_MOST_HEAPS = 1_000


@dataclass(frozen=True)
class Strings:
    """Check a whole file.

    Attributes
    ----------
    longest : int
        Bytes.
    references : int
        How many references in the file are to a string that is there, of its own length.
    """

    longest: int
    references: int


def find_strings(path: Path, offset: int) -> Strings:
    """Look for all heaps of a file whose addresses count from `offset`.

    Raises
    ------
    ValueError
        When one is damaged.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        sizes: dict[int, dict[int, int]] = {}
        for found in _SIGNATURE.finditer(content):
            if len(sizes) == _MOST_HEAPS:
                raise ValueError(f"it has more than {_MOST_HEAPS} heaps of strings")
            sizes[found.start() - offset] = _sizes(content, found.start())
        references = sum(_references(content, *heap) for heap in sizes.items())
    longest = max((size for heap in sizes.values() for size in heap.values()), default=0)
    return Strings(longest, references)


def _sizes(content: mmap.mmap, start: int) -> dict[int, int]:
    """Give the size in bytes of each string of the heap at `start`, by its number."""
    sizes: dict[int, int] = {}
    (end,) = _HEAD.unpack(content[start : start + _HEAD.size].ljust(_HEAD.size, b"\0"))
    end += start
    place = start + _HEAD.size
    while place + _ITEM.size <= min(end, len(content)):
        number, size = _ITEM.unpack(content[place : place + _ITEM.size])
        if number == 0:  # Unused space up to the end, its head included.
            size -= _ITEM.size
        elif number in sizes:
            break
        else:
            sizes[number] = size
        place += _ITEM.size + -(-size // 8) * 8
        if number == 0:
            break
    if not (place <= end <= len(content) and end - place < _ITEM.size):
        raise ValueError("a heap of strings is damaged")
    return sizes


def _references(content: mmap.mmap, address: int, sizes: dict[int, int]) -> int:
    found = re.finditer(re.escape(struct.pack("<Q", address)), content)
    return sum(
        sizes.get(int.from_bytes(content[each.end() : each.end() + 4], "little"))
        == int.from_bytes(content[max(each.start() - 4, 0) : each.start()], "little")
        for each in found
    )
