"""A user's own folder of images, decoded once into a memory map beside the results."""

from __future__ import annotations

import hashlib
import itertools
import json
import logging
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
from tqdm import tqdm

from keras_selflearn.console.errors import InputError, check_integer
from keras_selflearn.console.log import printable
from keras_selflearn.console.screen import standard_error
from keras_selflearn.datasets.cache_folder import made_whole, map_images, write_header
from keras_selflearn.datasets.damaged import check_classes, check_damaged
from keras_selflearn.datasets.dataset import Dataset
from keras_selflearn.datasets.earlier_rows import EarlierRows, file_digests
from keras_selflearn.datasets.image_files.flat_colours import warn_if_flat
from keras_selflearn.datasets.image_files.in_parallel import decode_pictures
from keras_selflearn.datasets.listing import Listing, list_folder
from keras_selflearn.storage.files import write_whole
from keras_selflearn.storage.json_files import read_json

_LOG = logging.getLogger(__name__)
# To be raised with a change to what is read from the same files.
_WAY_OF_DECODING = 2
_PARTS = ("train", "test")


def load_folder(
    folder: str | os.PathLike,
    *,
    image_size: int,
    cache_dir: str | os.PathLike,
    labels_csv: str | os.PathLike | None = None,
    corrections: str | os.PathLike | None = None,
) -> Dataset:
    """Load the images that `list_folder` finds. Decode them only if a file has changed.

    There is a warning when more than half of the images are one flat colour each.

    Parameters
    ----------
    folder : path
        Only read.
    image_size : int
        Height and width to resize images to, at least 32.
    cache_dir : path
        Folder for the decoded images, `3 * image_size**2` bytes each.
    labels_csv, corrections : path, optional
        See `list_folder`.

    Returns
    -------
    Dataset
        With read-only memory maps, paths and damaged files; there may be no test images.

    Raises
    ------
    InputError
        As `list_folder`; when more than a tenth of the files, or all labelled ones of a class, are
        damaged; when the cache can't be written.
    """
    check_integer("image_size", image_size, least=32, most=4096)
    folder, cache_dir = (Path(each).expanduser() for each in (folder, cache_dir))
    tables = (
        None if each is None else Path(each).expanduser() for each in (labels_csv, corrections)
    )
    listing = list_folder(folder, *tables)
    place = (_WAY_OF_DECODING, image_size, os.path.realpath(folder), labels_csv is None)
    name = f"images-{_sha256(place)[:8]}-"
    digests = {part: file_digests(folder, paths) for part, paths in _paths(listing).items()}
    cache = cache_dir / (name + _key(listing, digests)[:16])
    try:
        if not cache.is_dir():
            outdated_caches = sorted(cache_dir.glob(f"{name}*"))
            _make(cache, listing, image_size, digests, EarlierRows(outdated_caches))
            for outdated in outdated_caches:
                if outdated != cache:
                    # Another process may use it, or remove it at the same time.
                    shutil.rmtree(outdated, ignore_errors=True)
        dataset = _open(cache, listing)
    except OSError as error:
        raise InputError(
            f"Decoded images can't be kept in {cache_dir}: {error.strerror or error}."
        ) from error
    warn_if_flat(dataset.images, str(folder))
    return dataset


def _paths(listing: Listing) -> dict[str, Sequence[str]]:
    return {"train": listing.paths, "test": listing.test_paths}


def _key(listing: Listing, digests: dict[str, np.ndarray]) -> str:
    """Give a digest that changes with each file that is added, removed, moved or changed."""
    return _sha256([(paths, digests[part].tolist()) for part, paths in _paths(listing).items()])


def _sha256(source: object) -> str:
    # `repr` escapes what UTF-8 has no way to write.
    return hashlib.sha256(repr(source).encode()).hexdigest()


def _make(
    cache: Path,
    listing: Listing,
    image_size: int,
    digests: dict[str, np.ndarray],
    earlier: EarlierRows,
) -> None:
    paths = _paths(listing)
    number = sum(map(len, paths.values()))
    new = sum(np.count_nonzero(~earlier.has(each)) for each in digests.values())
    screen = standard_error()
    if new and not screen.isatty():
        _LOG.info("Decoding %s images of %s, once", f"{new:,}", printable(listing.folder))
    with made_whole(cache, cache.is_dir) as unfinished:
        skipped: dict[str, list[tuple[int, str]]] = {}
        with tqdm(
            total=number,
            desc="decoding",
            unit=" images",
            leave=False,
            disable=None,
            file=screen,
        ) as bar:
            for part in _PARTS:
                with (unfinished / f"{part}.npy").open("wb") as file:
                    skipped[part] = _decode(
                        Path(listing.folder),
                        paths[part],
                        digests[part],
                        earlier,
                        image_size,
                        file,
                        bar,
                    )
                np.save(unfinished / f"{part}-files.npy", digests[part])
        named = [(paths[part][i], reason) for part in _PARTS for i, reason in skipped[part]]
        check_damaged(named, number, listing.folder, cache.parent)
        write_whole(unfinished / "skipped.json", json.dumps(skipped))


def _decode(
    folder: Path,
    paths: Sequence[str],
    digests: np.ndarray,
    earlier: EarlierRows,
    image_size: int,
    file: BinaryIO,
    bar: tqdm,
) -> list[tuple[int, str]]:
    """Write the images as .npy. Give the position and the reason of each one left out.

    Those that are in earlier caches need no decoding.
    """
    shape = (image_size, image_size, 3)
    write_header(file, (len(paths), *shape))
    begin, skipped = file.tell(), []
    known = earlier.has(digests)
    decoded = decode_pictures(folder, itertools.compress(paths, ~known), image_size)
    for i, digest in enumerate(digests):
        image = earlier.image(digest) if known[i] else next(decoded)[1]
        if isinstance(image, str):
            skipped.append((i, image))
        else:
            file.write(np.ascontiguousarray(image).data)
        bar.update(1)
    file.seek(0)
    write_header(file, (len(paths) - len(skipped), *shape))
    if file.tell() != begin:
        raise RuntimeError("NumPy's header has another length for another number of images")
    return skipped


def _open(cache: Path, listing: Listing) -> Dataset:
    try:
        skipped = {part: dict(pairs) for part, pairs in read_json(cache / "skipped.json").items()}
        images, test_images = (map_images(cache / f"{part}.npy") for part in _PARTS)
    except (ValueError, AttributeError, TypeError) as error:
        raise InputError(f"The decoded images in {cache} are damaged: remove it.") from error
    kept = np.array([i for i in range(len(listing.paths)) if i not in skipped["train"]], int)
    kept_test = [i for i in range(len(listing.test_paths)) if i not in skipped["test"]]
    if (len(kept), len(kept_test)) != (len(images), len(test_images)):
        raise InputError(f"The decoded images in {cache} are damaged: remove it.")
    labels = listing.labels[kept]
    check_classes(labels, listing.class_names, listing.folder)
    paths = {"train": listing.paths, "test": listing.test_paths}
    return Dataset(
        images,
        labels,
        test_images,
        listing.test_labels[np.array(kept_test, int)],
        listing.class_names,
        paths=tuple(listing.paths[i] for i in kept),
        test_paths=tuple(listing.test_paths[i] for i in kept_test),
        skipped=tuple(
            (paths[part][i], reason) for part in _PARTS for i, reason in skipped[part].items()
        ),
    )
