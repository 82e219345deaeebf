"""Check an HDF5 file of weights of unknown origin before Keras reads it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import h5py

from keras_selflearn.storage.hdf5_strings import Strings, find_strings

_MOST_OBJECTS = 10_000
_MOST_ATTRIBUTES = 1_000  # Of one object; Keras cuts a long list of names into several.
_DEEPEST = 32
_MOST_ATTRIBUTE_BYTES = 2**24
_LAYOUTS = (h5py.h5d.CONTIGUOUS, h5py.h5d.COMPACT)


def check_hdf5(path: Path, most_bytes: int | None = None) -> None:
    """Raise unless the file holds plain arrays of numbers and nothing outside itself.

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
    """A reason that is already written for people."""


def _check(file: h5py.File, path: Path, most_bytes: int | None) -> None:
    strings = find_strings(path, file.userblock_size)
    file_size = path.stat().st_size
    seen = {_address(file)}
    with_names = []
    n_strings = _check_attributes(file, strings)
    total = 0
    for name, linked in _walk(file, depth=1):
        if len(seen) == _MOST_OBJECTS:
            raise _RefusedError(f"it holds more than {_MOST_OBJECTS} groups and arrays")
        if _address(linked) in seen:
            raise _RefusedError(f"{name!r} is another name of what is there already")
        seen.add(_address(linked))
        n_strings += _check_attributes(linked, strings)
        if isinstance(linked, h5py.Dataset):
            n_bytes = _check_dataset(linked, name)
            if most_bytes is not None and n_bytes > most_bytes:
                raise _RefusedError(f"the array {name!r} has {n_bytes} bytes, which is too many")
            total += n_bytes
        elif any(each.startswith("weight_names") for each in linked.attrs):
            with_names.append(linked)
    if total > file_size:
        raise _RefusedError(f"its arrays claim {total} bytes, more than the file has")
    if n_strings > strings.references:
        raise _RefusedError("its attributes refer to strings that are not there")
    for group in with_names:
        _check_weight_names(group)


def _address(linked: h5py.HLObject) -> int:
    return h5py.h5o.get_info(linked.id).addr


def _walk(group: h5py.Group, depth: int) -> Iterator[tuple[str, h5py.HLObject]]:
    """Give the groups and datasets below `group`, each group before its contents."""
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
    """Count the bytes that it takes in memory."""
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


def _check_attributes(linked: h5py.HLObject, strings: Strings) -> int:
    """Count the strings of varying length in its attributes, without reading one."""
    if len(linked.attrs) > _MOST_ATTRIBUTES:
        raise _RefusedError(f"an object has more than {_MOST_ATTRIBUTES} attributes")
    n_strings = 0
    for name in linked.attrs:
        attribute = linked.attrs.get_id(name)
        item_size = attribute.dtype.itemsize
        if attribute.dtype.hasobject:
            if h5py.check_string_dtype(attribute.dtype) is None:
                raise _RefusedError(f"the attribute {name!r} is neither of numbers nor a text")
            # Each may be the longest one.
            item_size += strings.longest
            n_strings += _bytes(attribute.shape, 1)
        n_bytes = _bytes(attribute.shape, item_size)
        if n_bytes > _MOST_ATTRIBUTE_BYTES:
            raise _RefusedError(f"the attribute {name!r} claims {n_bytes} bytes, which is too many")
    return n_strings


def _check_weight_names(group: h5py.Group) -> None:
    """Check the legacy layout: Keras reads all arrays that the names list before it counts them."""
    names = [
        _text(name)
        for attribute in group.attrs
        if attribute.startswith("weight_names")
        for name in group.attrs[attribute]
    ]
    if any(part in ("", ".", "..") for name in names for part in name.split("/")):
        raise _RefusedError("a weight has a name that Keras does not give")
    if len(set(names)) < len(names):
        raise _RefusedError("two weights of a layer have one name")


def _text(name: str | bytes) -> str:
    return name.decode("utf-8") if isinstance(name, bytes) else name


def _bytes(shape: tuple[int, ...] | None, item_size: int) -> int:
    return 0 if shape is None else math.prod(shape) * item_size
