"""The images and labels of an experiment (section 4), and how its record describes them."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import numpy as np

from keras_selflearn.console.errors import InputError, unknown_name
from keras_selflearn.datasets import FOLDER, TFDS_PREFIX, Dataset, load_dataset
from keras_selflearn.datasets.same_name import same_name
from keras_selflearn.datasets.sources.find import folder_of_this_machine
from keras_selflearn.datasets.sources.loading import load_images
from keras_selflearn.datasets.splitting import choose_labelled
from keras_selflearn.options.config import Config
from keras_selflearn.options.data import numbers_by_class
from keras_selflearn.paper import table_of_dataset
from keras_selflearn.runs.record import Data, Sizes
from keras_selflearn.storage.digest import sha256_of_array, sha256_of_sample
from keras_selflearn.storage.files import is_in
from keras_selflearn.storage.names import cut_to_bytes

# Stands for a label that is hidden from training. No class has this name.
HIDDEN = "-1"
_LONGEST_NAME = 80  # In bytes.


def check_only_read(config: Config) -> None:
    """Raise an `InputError` if results would go into the user's folder of images."""
    if config.dataset != FOLDER:
        return
    images = folder_of_this_machine(str(config.images))
    results = Path(str(config.results_dir)).expanduser()
    if images is not None and is_in(results, images):
        raise InputError(
            f"The results folder {results} is in the folder of images, {images}, which is only"
            " read: choose another with --results_dir."
        )


def load(config: Config) -> Dataset:
    """Load the data set that a resolved `config` names; an `InputError` if that fails."""
    size = config.image_size
    if size is not None and config.train == "head-then-all":
        size = max(size, config.head_image_size or 0)
    if config.images is not None and size is not None:
        return load_images(
            config.images,
            image_size=size,
            cache_dir=config.results_dir,
            labels_csv=config.labels_csv,
            corrections=config.corrections,
        )
    return load_dataset(
        config.dataset,
        config.data_dir,
        image_size=size,
        unlabelled_split=config.unlabelled_split,
    )


def training_labels(dataset: Dataset, config: Config) -> np.ndarray:
    """Return class names (n,) of the training images; "-1" if unknown or hidden from training.

    Raises
    ------
    InputError
        When the data set has fewer labels than the configuration asks for.
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
        return config.labels or 0
    numbers = numbers_by_class(config.labels_per_class)
    places = {same_name(name): i for i, name in enumerate(dataset.class_names)}
    for name in numbers:
        if same_name(name) not in places:
            raise unknown_name("class", name, dataset.class_names)
    known = dataset.labels[dataset.labels >= 0]
    available = np.bincount(known, minlength=len(dataset.class_names))
    # A class whose images are all test images can't have labelled ones.
    trained = [name for name, number in zip(dataset.class_names, available) if number]
    named = {same_name(name) for name in numbers}
    missing = [name for name in trained if same_name(name) not in named]
    if missing:
        raise InputError(
            f"--labels_per_class says nothing of {len(missing)} classes, the first '{missing[0]}':"
            " give each at least one label."
        )
    wanted = {places[same_name(name)]: number for name, number in numbers.items()}
    for label, number in wanted.items():
        if number > available[label]:
            raise InputError(
                f"--labels_per_class asks for {number} of class '{dataset.class_names[label]}',"
                f" which has {available[label]}."
            )
    return wanted


def names_with_none(dataset: Dataset) -> np.ndarray:
    """Return the class names by position; position -1 gives the text for "no label"."""
    return np.array([*dataset.class_names, HIDDEN])


def data_digest(dataset: Dataset) -> str:
    """Digest the labels, the file names and a hundred images, to recognise the same data."""
    parts = [sha256_of_sample(dataset.images), sha256_of_array(dataset.labels)]
    return hashlib.sha256(repr((parts, dataset.class_names, dataset.paths)).encode()).hexdigest()


def describe_data(name: str, whole: Dataset, used: Dataset, labelled: np.ndarray) -> Data:
    """Describe sizes and classes, and the difference in size from the paper's data set.

    Parameters
    ----------
    name : str
        Name of the data set.
    whole, used : Dataset
        The whole data set, and the part that the run uses.
    labelled : (m,) str
        The initial labels.
    """
    published = table_of_dataset(name)
    sizes = Sizes(train=len(whole.images), test=len(whole.test_images))
    difference = None
    if published:
        difference = Sizes(
            train=sizes.train - published.train_images, test=sizes.test - published.test_images
        )
    return Data(
        train=len(used.images),
        test=len(used.test_images),
        labelled=len(labelled),
        labelled_per_class={each: int(np.sum(labelled == each)) for each in used.class_names},
        whole=sizes,
        difference_from_paper=difference,
        classes=list(used.class_names),
        image_shape=list(used.images.shape[1:]),
    )


def data_title(config: Config) -> str:
    """Return the name of the data set or of the user's folder, for people."""
    if config.images is not None:
        return Path(config.images).expanduser().resolve().name or config.images
    return config.dataset


def data_name(config: Config) -> str:
    """Return the name of the data set for the name of a run's folder."""
    if config.dataset == FOLDER:
        name = re.sub(r"[^\w.-]+", "-", data_title(config)).strip(".-")
        return cut_to_bytes(name, _LONGEST_NAME) or FOLDER
    return cut_to_bytes(config.dataset.removeprefix(TFDS_PREFIX).replace("/", "-"), _LONGEST_NAME)
