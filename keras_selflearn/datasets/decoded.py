"""Decoded images on disk. They are written once; each process maps them into memory.

A data set is a folder of five files: `{train,test}_images.npy`, `{train,test}_labels.npy` and
`class_names.json`. It is written under another name and then renamed.
"""

from __future__ import annotations

import contextlib
import json
import logging
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import numpy as np
from tqdm import tqdm

from keras_selflearn.console.errors import InputError
from keras_selflearn.console.log import printable
from keras_selflearn.console.screen import standard_error
from keras_selflearn.datasets.cache_folder import made_whole, write_header
from keras_selflearn.datasets.dataset import Dataset
from keras_selflearn.selflearning.examples import UNLABELLED
from keras_selflearn.storage.cache import cache_root
from keras_selflearn.storage.json_files import read_json

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Source:
    """A data set whose images are not decoded yet.

    Attributes
    ----------
    name : str
        Of the data set, for people.
    shapes : dict
        By part, "train" and "test": (n, height, width, 3) of its images.
    class_names : tuple of str
    batches : iterable of (part, images, labels)
        Images are (k, height, width, 3) uint8, labels (k,) integers, positions in `class_names`
        or `UNLABELLED`; k may be 0. They fill the parts in this order.
    """

    name: str
    shapes: dict[str, tuple[int, ...]]
    class_names: tuple[str, ...]
    batches: Iterable[tuple[str, np.ndarray, np.ndarray]]


def read_decoded(key: str, open_source: Callable[[], Source]) -> Dataset:
    """Give the data set that is kept under `key`. Decode it first if it is missing or damaged.

    Parameters
    ----------
    key : str
        Name of the folder. Another decoding has another key.
    open_source : callable without arguments, returns a `Source`
        Called only when there is something to decode.

    Returns
    -------
    Dataset
        Its images are read-only memory maps.

    Raises
    ------
    InputError
        When the cache folder can't be used, and as `open_source` and its batches.
    """
    folder = cache_root() / "decoded" / key
    try:
        # Asked for first: what another process makes meanwhile is whole.
        was_there = folder.exists()
        dataset = _open(folder)
        if dataset is None:
            if was_there:
                shutil.rmtree(folder, ignore_errors=True)
            _make(folder, open_source())
            dataset = _open(folder)
            if dataset is None:
                raise InputError(f"The decoded images in {folder} can't be read: remove it.")
    except OSError as error:
        raise InputError(
            f"Decoded images can't be kept in {folder.parent}: {error.strerror or error}; set"
            " XDG_CACHE_HOME to a folder that has room and can be written."
        ) from error
    return dataset


def _open(folder: Path) -> Dataset | None:
    """The data set in `folder`, None where it is missing or damaged."""
    try:
        class_names = tuple(read_json(folder / "class_names.json"))
        # Mapped, labels too: that fails where the file is smaller than its header claims.
        images, labels, test_images, test_labels = (
            np.lib.format.open_memmap(path(folder, part), mode="r")
            for part in ("train", "test")
            for path in (_images, _labels)
        )
    except FileNotFoundError:
        return None
    except OSError:
        raise
    except Exception:  # A damaged file fails in many ways, a truncated one with ValueError.
        return None
    for pixels, classes in ((images, labels), (test_images, test_labels)):
        if (
            pixels.dtype != np.uint8
            or pixels.ndim != 4
            or classes.dtype != np.int64
            or classes.shape != pixels.shape[:1]
            or not np.isin(classes, np.arange(UNLABELLED, len(class_names))).all()
            or not all(isinstance(name, str) for name in class_names)
        ):
            return None
    return Dataset(images, np.array(labels), test_images, np.array(test_labels), class_names)


def _make(folder: Path, source: Source) -> None:
    with made_whole(folder, lambda: _open(folder) is not None) as unfinished:
        images = sum(shape[0] for shape in source.shapes.values())
        screen = standard_error()
        if not screen.isatty():
            _LOG.info(
                "Decoding %s (%s images), once; kept in %s",
                source.name,
                f"{images:,}",
                printable(folder),
            )
        with tqdm(
            total=images,
            desc=f"decoding {source.name}",
            unit=" images",
            leave=False,
            disable=None,
            file=screen,
        ) as bar:
            _write(unfinished, source, bar)


def _write(folder: Path, source: Source, bar: tqdm) -> None:
    labels: dict[str, list[np.ndarray]] = {part: [] for part in source.shapes}
    with contextlib.ExitStack() as stack:
        files = {}
        for part, shape in source.shapes.items():
            files[part] = stack.enter_context(_images(folder, part).open("wb"))
            write_header(files[part], shape)
        for part, images, classes in source.batches:
            files[part].write(np.ascontiguousarray(images, np.uint8).data)
            labels[part].append(classes)
            bar.update(len(classes))
    for part, batches in labels.items():
        np.save(_labels(folder, part), np.concatenate(batches).astype(np.int64))
    names = json.dumps(source.class_names)
    (folder / "class_names.json").write_text(names, encoding="utf-8")


def _images(folder: Path, part: str) -> Path:
    return folder / f"{part}_images.npy"


def _labels(folder: Path, part: str) -> Path:
    return folder / f"{part}_labels.npy"
