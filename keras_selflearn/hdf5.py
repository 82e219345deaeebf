"""Whether an HDF5 file of weights, of unknown origin, may be given to Keras."""

from __future__ import annotations

import math
import mmap
import re
from collections.abc import Iterator
from pathlib import Path

import h5py

_MOST_OBJECTS = 10_000
_MOST_ATTRIBUTES = 1_000  # Of one object; Keras cuts a long list of names into several.
_DEEPEST = 32
_MOST_ATTRIBUTE_BYTES = 2**24
_LAYOUTS = (h5py.h5d.CONTIGUOUS, h5py.h5d.COMPACT)
# How a heap of strings begins: signature, version, three zeros, its size.
_HEAP = re.compile(rb"GCOL\x01\0\0\0(.{8})", re.DOTALL)


def check_hdf5(path: Path, most_bytes: int | None = None) -> None:
    """Raise unless the file holds plain arrays of numbers, all of which are in it.

    Nothing outside the file is opened and no array is read. What HDF5 can do beyond what Keras
    writes is refused: links other than the one that an object has, arrays in other files, in chunks
    or compressed, and arrays of anything but numbers.

    Parameters
    ----------
    path : Path
    most_bytes : int, optional
        That one array may have: less is taken of memory when it is read.

    Raises
    ------
    OSError
        When the file can't be opened as HDF5.
    ValueError
        When something in it is refused or damaged.
    """
    with h5py.File(path, "r") as file:
        try:
            _check(file, path, most_bytes)
        except _RefusedError:
            raise
        except Exception as error:  # h5py raises whatever comes nearest to libhdf5's own.
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise ValueError(f"it is damaged ({reason[:200]})") from error


class _RefusedError(ValueError):
    """Already a sentence for people."""


def _check(file: h5py.File, path: Path, most_bytes: int | None) -> None:
    file_size = path.stat().st_size
    longest = _longest_string(path)
    seen = {_address(file)}
    _check_attributes(file, longest)
    total = 0
    for name, linked in _walk(file, depth=1):
        if len(seen) == _MOST_OBJECTS:
            raise _RefusedError(f"it holds more than {_MOST_OBJECTS} groups and arrays")
        if _address(linked) in seen:
            raise _RefusedError(f"{name!r} is another name of what is there already")
        seen.add(_address(linked))
        _check_attributes(linked, longest)
        if isinstance(linked, h5py.Dataset):
            n_bytes = _check_dataset(linked, name)
            if most_bytes is not None and n_bytes > most_bytes:
                raise _RefusedError(f"the array {name!r} has {n_bytes} bytes, which is too many")
            total += n_bytes
    if total > file_size:
        raise _RefusedError(f"its arrays claim {total} bytes, more than the file has")


def _longest_string(path: Path) -> int:
    """Bytes that a string of varying length in the file can't exceed.

    These lie in heaps, and many can be one and the same: what an attribute of such strings takes is
    known only after it is read. No string is longer than the longest heap.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        sizes = (int.from_bytes(found[1], "little") for found in _HEAP.finditer(content))
        return max(sizes, default=0)


def _address(linked: h5py.HLObject) -> int:
    return h5py.h5o.get_info(linked.id).addr


def _walk(group: h5py.Group, depth: int) -> Iterator[tuple[str, h5py.HLObject]]:
    """The groups and datasets below `group`, each group before what is in it."""
    if depth > _DEEPEST:
        raise _RefusedError(f"its groups are nested more than {_DEEPEST} deep")
    if len(group) > _MOST_OBJECTS:
        raise _RefusedError(f"it holds more than {_MOST_OBJECTS} groups and arrays")
    for name in group:
        if group.get(name, getclass=True, getlink=True) is not h5py.HardLink:
            raise _RefusedError(f"{name!r} is a link to somewhere else")
        linked = group[name]
        if not isinstance(linked, (h5py.Group, h5py.Dataset)):
            raise _RefusedError(f"{name!r} is neither a group nor an array")
        yield name, linked
        if isinstance(linked, h5py.Group):
            yield from _walk(linked, depth + 1)


def _check_dataset(dataset: h5py.Dataset, name: str) -> int:
    """Bytes that reading it takes."""
    creation = dataset.id.get_create_plist()
    # Before its shape is asked for, which may open the files that a virtual one is made of.
    if creation.get_layout() not in _LAYOUTS or creation.get_nfilters():
        raise _RefusedError(
            f"the array {name!r} is compressed, in chunks or in other files, as Keras writes none"
        )
    if creation.get_external_count():
        raise _RefusedError(f"the array {name!r} is in another file")
    if dataset.dtype.kind not in "biufV" or dataset.dtype.fields or dataset.dtype.subdtype:
        raise _RefusedError(f"the array {name!r} is of {dataset.dtype}, not of numbers")
    n_bytes = _bytes(dataset.shape, dataset.dtype.itemsize)
    if n_bytes > dataset.id.get_storage_size():
        raise _RefusedError(
            f"the array {name!r} claims {n_bytes} bytes, of which not all are there"
        )
    return n_bytes


def _check_attributes(linked: h5py.HLObject, longest: int) -> None:
    if len(linked.attrs) > _MOST_ATTRIBUTES:
        raise _RefusedError(f"an object has more than {_MOST_ATTRIBUTES} attributes")
    names: list[str] = []
    for name in linked.attrs:
        attribute = linked.attrs.get_id(name)
        item_size = attribute.dtype.itemsize + (longest if attribute.dtype.hasobject else 0)
        n_bytes = _bytes(attribute.shape, item_size)
        if n_bytes > _MOST_ATTRIBUTE_BYTES:
            raise _RefusedError(f"the attribute {name!r} claims {n_bytes} bytes, which is too many")
        if name.startswith("weight_names"):
            names += [_text(each) for each in linked.attrs[name]]
    # Of the legacy layout: Keras reads what all of them name before it looks at how many.
    if any(part in ("", ".", "..") for name in names for part in name.split("/")):
        raise _RefusedError("a weight has a name that Keras does not give")
    if len(set(names)) < len(names):
        raise _RefusedError("two weights of a layer have one name")


def _text(name: str | bytes) -> str:
    return name.decode("utf-8") if isinstance(name, bytes) else name


def _bytes(shape: tuple[int, ...] | None, item_size: int) -> int:
    return 0 if shape is None else math.prod(shape) * item_size
