"""The images and labels that an experiment asks for (section 4)."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import numpy as np

from keras_selflearn.console.errors import InputError, unknown_name
from keras_selflearn.datasets import FOLDER, TFDS_PREFIX, Dataset, load_dataset
from keras_selflearn.datasets.folder import load_folder
from keras_selflearn.datasets.splitting import choose_labelled
from keras_selflearn.options.config import Config
from keras_selflearn.options.data import numbers_by_class
from keras_selflearn.paper import table_of_dataset
from keras_selflearn.storage.digest import sha256_of_array, sha256_of_sample
from keras_selflearn.storage.files import is_in

# In the place of a label that is hidden from training; no class of a data set is called this.
HIDDEN = "-1"
_LONGEST_NAME = 80


def check_only_read(config: Config) -> None:
    """Raise an `InputError` where results would go into the user's folder of images."""
    if config.dataset != FOLDER:
        return
    images, results = (Path(each).expanduser() for each in (config.images, config.results_dir))
    if is_in(results, images):
        raise InputError(
            f"The results folder {results} is in the folder of images, {images}, which is only"
            " read: choose another with --results_dir."
        )


def load(config: Config) -> Dataset:
    """The data set that a resolved `config` names; an `InputError` where it can't be had."""
    if config.dataset == FOLDER:
        return load_folder(
            config.images,
            image_size=config.image_size,
            cache_dir=config.results_dir,
            labels_csv=config.labels_csv,
        )
    return load_dataset(config.dataset, config.data_dir, image_size=config.image_size)


def training_labels(dataset: Dataset, config: Config) -> np.ndarray:
    """Class names (n,) of the training images, "-1" where they are not known or hidden.

    Raises
    ------
    InputError
        When the labels that are asked for can't be had.
    """
    names = names_with_none(dataset)[dataset.labels]
    if config.dataset == FOLDER:
        if config.regime == "all-labelled" and (dataset.labels < 0).any():
            raise InputError(
                "--regime=all-labelled needs a label for each image, and"
                f" {int(np.sum(dataset.labels < 0))} have none."
            )
        return names
    if config.regime == "all-labelled":
        return names
    initial = choose_labelled(dataset.labels, _wanted_labels(dataset, config), seed=config.seed)
    return np.where(np.isin(np.arange(len(names)), initial), names, HIDDEN)


def _wanted_labels(dataset: Dataset, config: Config) -> int | dict[int, int]:
    if config.labels_per_class is None:
        return config.labels
    numbers = numbers_by_class(config.labels_per_class)
    for name in numbers:
        if name not in dataset.class_names:
            raise unknown_name("class", name, dataset.class_names)
    missing = [name for name in dataset.class_names if name not in numbers]
    if missing:
        raise InputError(
            f"--labels_per_class says nothing of {len(missing)} classes, the first '{missing[0]}':"
            " give each at least one label."
        )
    available = np.bincount(dataset.labels, minlength=len(dataset.class_names))
    for label, name in enumerate(dataset.class_names):
        if numbers[name] > available[label]:
            raise InputError(
                f"--labels_per_class asks for {numbers[name]} of class '{name}', which has"
                f" {available[label]}."
            )
    return {label: numbers[name] for label, name in enumerate(dataset.class_names)}


def names_with_none(dataset: Dataset) -> np.ndarray:
    """Class names by position, and at -1 what stands for no label."""
    return np.array([*dataset.class_names, HIDDEN])


def data_digest(dataset: Dataset) -> str:
    """Of the labels, the files' names and a hundred images: that a run goes on with the same."""
    parts = [sha256_of_sample(dataset.images), sha256_of_array(dataset.labels)]
    return hashlib.sha256(repr((parts, dataset.class_names, dataset.paths)).encode()).hexdigest()


def describe_data(name: str, whole: Dataset, used: Dataset, labelled: np.ndarray) -> dict[str, Any]:
    """Sizes and classes; for a data set of the paper also how its size differs from the paper's.

    Parameters
    ----------
    name : str
    whole, used : Dataset
    labelled : (m,) str
        The initial labels.
    """
    published = table_of_dataset(name)
    difference = published and {
        "train": len(whole.images) - published.train_images,
        "test": len(whole.test_images) - published.test_images,
    }
    return {
        "train": len(used.images),
        "test": len(used.test_images),
        "labelled": len(labelled),
        "labelled_per_class": {each: int(np.sum(labelled == each)) for each in used.class_names},
        "whole": {"train": len(whole.images), "test": len(whole.test_images)},
        "difference_from_paper": difference,
        "classes": list(used.class_names),
        "image_shape": list(used.images.shape[1:]),
    }


def data_name(config: Config) -> str:
    """Of the data set, for the name of a run's folder."""
    if config.dataset == FOLDER:
        name = Path(config.images).expanduser().resolve().name
        return re.sub(r"[^\w.-]+", "-", name).strip(".-")[:_LONGEST_NAME] or FOLDER
    return config.dataset.removeprefix(TFDS_PREFIX).replace("/", "-")
