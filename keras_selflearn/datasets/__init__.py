"""Data sets by name: a loader and the paper's numbers, one entry each."""

from __future__ import annotations

import importlib
import re
from dataclasses import dataclass
from typing import Callable

import numpy as np

from keras_selflearn.errors import InputError, unknown_name
from keras_selflearn.paper import table_of_dataset


@dataclass(frozen=True)
class Dataset:
    """Images and their true labels.

    Attributes
    ----------
    images, test_images : (n, height, width, 3) uint8
        Possibly read-only memory maps.
    labels, test_labels : (n,) int64
        Positions in `class_names`; of a user's own images `labels` are -1 where none is given.
    class_names : tuple of str
    paths, test_paths : tuple of str or None
        Of a user's own images, below their folder.
    skipped : tuple of (path, reason)
        Files of theirs that are no whole images; they are in none of the others.
    """

    images: np.ndarray
    labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    class_names: tuple[str, ...]
    paths: tuple[str, ...] | None = None
    test_paths: tuple[str, ...] | None = None
    skipped: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Entry:
    """What an experiment on a data set takes where nothing else is asked for.

    Attributes
    ----------
    loader : str
        `module:function` in this package. The function takes `data_dir` (str or None: where
        TensorFlow Datasets keeps its files) and returns a `Dataset`.
    labels : int or None
        Initially labelled examples; None: it has no number of its own.
    selection_percent : float
    meta_iterations, epochs, meta_epochs : int
    weights : str
    classes : int or None
        Number of them; None: only its files tell.
    """

    loader: str
    labels: int | None
    selection_percent: float
    meta_iterations: int
    epochs: int
    meta_epochs: int
    weights: str = "imagenet"
    classes: int | None = None


def _of_paper(name: str) -> Entry:
    """With the numbers of section 4.1 and the epochs of the authors' code."""
    published = table_of_dataset(name)
    return Entry(
        f"tfds:load_{name}",
        labels=published.labels,
        selection_percent=published.selection_percent,
        meta_iterations=published.meta_iterations,
        epochs=200,
        meta_epochs=200,
        classes=published.classes,
    )


DATASETS = {
    "digits": Entry(
        "digits:load_digits",
        labels=100,
        selection_percent=10,
        meta_iterations=5,
        epochs=40,
        meta_epochs=5,
        weights="random",
        classes=10,
    ),
    "glyphs": Entry(
        "glyphs:load_glyphs",
        labels=1000,
        selection_percent=10,
        meta_iterations=5,
        epochs=20,
        meta_epochs=5,
        weights="random",
        classes=10,
    ),
    "svhn_cropped": _of_paper("svhn_cropped"),
    "cifar10": _of_paper("cifar10"),
    "plant_village": _of_paper("plant_village"),
}


# A user's own folder of images, which `keras_selflearn.datasets.folder` loads.
FOLDER = "folder"
# Before the name of any data set of images that TensorFlow Datasets knows.
TFDS_PREFIX = "tfds:"
_OWN = Entry("", labels=None, selection_percent=5, meta_iterations=25, epochs=60, meta_epochs=10)


def dataset_entry(name: str) -> Entry:
    """The entry of a data set; `InputError` when there is none of that name."""
    if name.startswith(TFDS_PREFIX):
        check_tfds_name(name[len(TFDS_PREFIX) :])
        return _OWN
    if name == FOLDER:
        return _OWN
    if name not in DATASETS:
        raise unknown_name("dataset", name, [*DATASETS, FOLDER, f"{TFDS_PREFIX}NAME"])
    return DATASETS[name]


def check_tfds_name(name: str) -> None:
    """Raise an `InputError` unless TensorFlow Datasets can have a data set of that name."""
    if not re.fullmatch(r"\w+(/[\w.-]+)?", name, re.ASCII):
        raise InputError(f"'{name}' is no name of a TFDS data set: give NAME or NAME/CONFIG.")


def load_dataset(
    name: str, data_dir: str | None = None, *, image_size: int | None = None
) -> Dataset:
    """Load a data set by name; see `load_folder` for a folder.

    Parameters
    ----------
    name : str
        One of `DATASETS`, or `tfds:` and the name of another one that TensorFlow Datasets knows.
    data_dir : str, optional
        Where TensorFlow Datasets keeps its files.
    image_size : int, optional
        Of `tfds:` data sets: height and width to resize images to. It may be left out where all
        have one size.

    Raises
    ------
    InputError
        When there is none of that name, or its files are neither there nor to be had.
    """
    if name.startswith(TFDS_PREFIX):
        from keras_selflearn.datasets.tfds import load_tfds

        return load_tfds(name[len(TFDS_PREFIX) :], data_dir, size=image_size)
    module, function = dataset_entry(name).loader.split(":")
    loader: Callable[[str | None], Dataset] = getattr(
        importlib.import_module(f"{__name__}.{module}"), function
    )
    return loader(data_dir)
