"""Data sets by name: a loader and the paper's numbers, one entry each."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Callable

from keras_selflearn.console.errors import unknown_name
from keras_selflearn.datasets.dataset import Dataset
from keras_selflearn.datasets.tfds_names import check_tfds_name
from keras_selflearn.paper import published_tables


@dataclass(frozen=True)
class Entry:
    """The defaults of an experiment on a data set.

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
        None if only the files of the data set tell.
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
    """Make an entry with the numbers of section 4.1 and the epochs of the authors' code."""
    published = next(each for each in published_tables() if each.dataset == name)
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
    """Give the entry of a data set. Raise an `InputError` for an unknown name."""
    if name.startswith(TFDS_PREFIX):
        check_tfds_name(name[len(TFDS_PREFIX) :])
        return _OWN
    if name == FOLDER:
        return _OWN
    if name not in DATASETS:
        raise unknown_name("dataset", name, [*DATASETS, FOLDER, f"{TFDS_PREFIX}NAME"])
    return DATASETS[name]


def load_dataset(
    name: str,
    data_dir: str | None = None,
    *,
    image_size: int | None = None,
    unlabelled_split: str | None = None,
) -> Dataset:
    """Load a data set by name. `load_folder` loads a folder.

    Parameters
    ----------
    name : str
        One of `DATASETS`, or `tfds:` and the name of another one that TensorFlow Datasets knows.
    data_dir : str, optional
        Where TensorFlow Datasets keeps its files.
    image_size : int, optional
        Of `tfds:` data sets: height and width to resize images to. It may be left out where all
        have one size.
    unlabelled_split : str, optional
        Of `tfds:` data sets: the split whose images are unlabelled training images. By default
        `unlabelled`, `unlabeled`, or `extra` if it has no label.

    Raises
    ------
    InputError
        When there is none of that name, or its files are neither there nor to be had.
    """
    if name.startswith(TFDS_PREFIX):
        from keras_selflearn.datasets.tfds import load_tfds

        return load_tfds(
            name[len(TFDS_PREFIX) :], data_dir, size=image_size, unlabelled_split=unlabelled_split
        )
    module, function = dataset_entry(name).loader.split(":")
    loader: Callable[[str | None], Dataset] = getattr(
        importlib.import_module(f"keras_selflearn.datasets.{module}"), function
    )
    return loader(data_dir)
