"""Data sets by name: a loader and the paper's numbers, one entry each."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Callable

import numpy as np

from keras_selflearn.errors import unknown_name
from keras_selflearn.paper import table_of_dataset


@dataclass(frozen=True)
class Dataset:
    """Images and their true labels.

    Attributes
    ----------
    images, test_images : (n, height, width, 3) uint8
        Possibly read-only memory maps.
    labels, test_labels : (n,) int64
        Positions in `class_names`.
    class_names : tuple of str
    """

    images: np.ndarray
    labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    class_names: tuple[str, ...]


@dataclass(frozen=True)
class Entry:
    """What an experiment on a data set takes where nothing else is asked for.

    Attributes
    ----------
    loader : str
        `module:function` in this package. The function takes `data_dir` (str or None: where
        TensorFlow Datasets keeps its files) and returns a `Dataset`.
    labels : int
        Initially labelled examples.
    selection_percent : float
    meta_iterations, epochs, meta_epochs : int
    weights : str
    """

    loader: str
    labels: int
    selection_percent: float
    meta_iterations: int
    epochs: int
    meta_epochs: int
    weights: str = "imagenet"


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
    ),
    "glyphs": Entry(
        "glyphs:load_glyphs",
        labels=1000,
        selection_percent=10,
        meta_iterations=5,
        epochs=20,
        meta_epochs=5,
        weights="random",
    ),
    "svhn_cropped": _of_paper("svhn_cropped"),
    "cifar10": _of_paper("cifar10"),
    "plant_village": _of_paper("plant_village"),
}


def dataset_entry(name: str) -> Entry:
    """The entry of a data set; `InputError` when there is none of that name."""
    if name not in DATASETS:
        raise unknown_name("dataset", name, DATASETS)
    return DATASETS[name]


def load_dataset(name: str, data_dir: str | None = None) -> Dataset:
    """Load a data set.

    Raises
    ------
    InputError
        When there is none of that name, or its files are neither there nor to be had.
    """
    module, function = dataset_entry(name).loader.split(":")
    loader: Callable[[str | None], Dataset] = getattr(
        importlib.import_module(f"{__name__}.{module}"), function
    )
    return loader(data_dir)
