"""Load a user's images from wherever they are: a folder, shards, or an address."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from keras_selflearn.console.errors import InputError, check_integer
from keras_selflearn.datasets.cache_folder import map_images, write_header
from keras_selflearn.datasets.damaged import check_classes
from keras_selflearn.datasets.dataset import Dataset
from keras_selflearn.datasets.folder import load_folder
from keras_selflearn.datasets.image_files.flat_colours import warn_if_flat
from keras_selflearn.datasets.left_out import DAMAGED, LeftOut, named, warn
from keras_selflearn.datasets.listing import Listing, list_labelled
from keras_selflearn.datasets.sources.find import Folder, Shards, Source, find_source
from keras_selflearn.datasets.sources.journal import Done, Store
from keras_selflearn.datasets.sources.patterns import is_shard
from keras_selflearn.datasets.sources.store import Job, make_store
from keras_selflearn.storage.files import written_whole

# To be raised with a change to what is read from the same files.
_WAY_OF_DECODING = 1
_ROWS = 256


def load_images(
    images: str | os.PathLike,
    *,
    image_size: int,
    cache_dir: str | os.PathLike,
    labels_csv: str | os.PathLike | None = None,
    corrections: str | os.PathLike | None = None,
) -> Dataset:
    """Load the images of a folder, of shards, or at an address; see `find_source`.

    A folder of this machine is loaded by `load_folder`. All else is decoded piece by piece. If that
    is interrupted, it goes on behind the last whole piece.

    Parameters
    ----------
    images : str or path
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
        As `find_source` and `load_folder`; when no image has a label.
    """
    source = find_source(images)
    if source is None:
        return load_folder(
            images,
            image_size=image_size,
            cache_dir=cache_dir,
            labels_csv=labels_csv,
            corrections=corrections,
        )
    check_integer("image_size", image_size, least=32, most=4096)
    tables = [
        None if each is None else Path(each).expanduser() for each in (labels_csv, corrections)
    ]
    cache = Path(cache_dir).expanduser()
    try:
        if isinstance(source, Folder):
            dataset = _load_folder(source, image_size, cache, *tables)
        else:
            dataset = _load_shards(source, image_size, cache, *tables)
    except OSError as error:
        raise InputError(
            f"Decoded images can't be kept in {cache_dir}: {error.strerror or error}."
        ) from error
    warn_if_flat(dataset.images, str(source.address))
    return dataset


def _load_folder(
    source: Folder, size: int, cache: Path, labels_csv: Path | None, corrections: Path | None
) -> Dataset:
    listing = source.listing(labels_csv, corrections)
    name = _name(source, size, labels_csv is not None)
    job = Job(cache, name, source.pieces(listing), size, source.address, source.threads)
    return _dataset(make_store(job), listing)


def _load_shards(
    source: Shards, size: int, cache: Path, labels_csv: Path | None, corrections: Path | None
) -> Dataset:
    pieces = source.pieces(has_table=labels_csv is not None)
    if all(each.part == "test" for each in pieces):
        raise InputError(
            f"{source.address} has no shard of training images: those whose names begin with test"
            " only measure the accuracy."
        )
    name = _name(source, size, labels_csv is not None)
    job = Job(cache, name, pieces, size, source.address, source.threads)
    store = make_store(job)
    left_out = LeftOut()
    for one in store.done:
        left_out.include(one.left_out)
        for path, reason in one.skipped:
            if is_shard(path):
                left_out.add(DAMAGED, path, f" ({reason})")
    left_out.warn(source.address)
    pairs = _pairs(store.done, "train")
    test = _pairs(store.done, "test")
    # Tables may name the damaged ones, too.
    damaged = {path: reason for one in store.done for path, reason in one.skipped}
    whole = {path for path, _ in (*pairs, *test)}
    pairs += [(path, None) for path in damaged if path not in whole]
    labelled_test = [(path, label) for path, label in test if label is not None]
    if len(labelled_test) < len(test):
        unlabelled = [path for path, label in test if label is None]
        warn(
            f"{len(unlabelled):,} test images in {source.address} are left out, for they have no"
            f" label: {named(unlabelled, len(unlabelled))}."
        )
    if labels_csv is None and not any(label for _, label in pairs):
        first = next(iter(damaged.items()), None)
        seen = f" ({first[0]}: {first[1]})" if first else ""
        raise InputError(
            f"No training image in {source.address} has a label{seen}: put NAME.cls beside NAME.jpg"
            " in a tar shard, fill the column label in Parquet, or give --labels_csv."
        )
    listing = list_labelled(source.address, pairs, labelled_test, labels_csv, corrections)
    return _dataset(store, listing)


def _name(source: Source, size: int, has_table: bool) -> str:
    place = (_WAY_OF_DECODING, type(source).__name__, size, str(source.address), has_table)
    return f"images-{hashlib.sha256(repr(place).encode()).hexdigest()[:8]}-"


def _pairs(done: Sequence[Done], part: str) -> list[tuple[str, str | None]]:
    return [
        (name, label or None)
        for one in done
        if one.part == part
        for name, label in zip(one.names, one.labels)
    ]


def _dataset(store: Store, listing: Listing) -> Dataset:
    """Join the images of a store with the labels of a listing, which may lack some of them."""
    labels = dict(zip(listing.paths, listing.labels.tolist()))
    test_labels = dict(zip(listing.test_paths, listing.test_labels.tolist()))
    try:
        images, paths = _images(store, "train", labels)
        test_images, test_paths = _images(store, "test", test_labels)
    except ValueError as error:
        raise InputError(f"The decoded images in {store.folder} are damaged: remove it.") from error
    given = np.array([labels[path] for path in paths], np.int64)
    check_classes(given, listing.class_names, listing.folder)
    return Dataset(
        images,
        given,
        test_images,
        np.array([test_labels[path] for path in test_paths], np.int64),
        listing.class_names,
        paths=tuple(paths),
        test_paths=tuple(test_paths),
        skipped=tuple((path, reason) for one in store.done for path, reason in one.skipped),
    )


def _images(store: Store, part: str, wanted: dict[str, int]) -> tuple[np.ndarray, list[str]]:
    """The images of a part that are wanted, and their paths.

    Where some are not, the others are written once more: only whole rows of a file can be mapped.
    """
    images = map_images(store.folder / f"{part}.npy")
    names = [name for one in store.done if one.part == part for name in one.names]
    if len(names) != len(images):
        raise ValueError("there are other images than names")
    kept = np.flatnonzero([name in wanted for name in names])
    if len(kept) == len(names):
        return images, names
    key = hashlib.sha256(kept.tobytes()).hexdigest()[:16]
    path = store.folder / f"{part}-{key}.npy"
    if not path.exists():
        for outdated in store.folder.glob(f"{part}-*.npy"):
            outdated.unlink()
        with written_whole(path) as file:
            write_header(file, (len(kept), *images.shape[1:]))
            for start in range(0, len(kept), _ROWS):
                file.write(np.ascontiguousarray(images[kept[start : start + _ROWS]]).data)
    return map_images(path), [names[i] for i in kept]
