"""Data sets of the paper, prepared and read by TensorFlow Datasets (section 4.1)."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import requests

from keras_selflearn.datasets import Dataset
from keras_selflearn.errors import InputError


def load_svhn_cropped(data_dir: str | None = None) -> Dataset:
    """73,257 training and 26,032 test images of 32x32x3; see `load_tfds`."""
    return load_tfds("svhn_cropped", data_dir)


def load_cifar10(data_dir: str | None = None) -> Dataset:
    """50,000 training and 10,000 test images of 32x32x3; see `load_tfds`."""
    return load_tfds("cifar10", data_dir)


def load_tfds(name: str, data_dir: str | None = None) -> Dataset:
    """Load splits `train` and `test` of a TensorFlow data set of images of one size.

    Parameters
    ----------
    name : str
        As TensorFlow Datasets knows it.
    data_dir : str, optional
        Where its files are, or are put after a download; by default `~/tensorflow_datasets`.

    Raises
    ------
    InputError
        When the data set is not prepared there and can't be downloaded.
    """
    import tensorflow_datasets as tfds
    from tensorflow_datasets.core.utils import gcs_utils

    # Older releases ask a bucket for figures that are not needed here, for minutes where there is
    # no network, and have no public switch for it.
    gcs_utils._is_gcs_disabled = True
    if not sys.stderr.isatty():
        tfds.disable_progress_bar()
    folder = Path(data_dir).expanduser() if data_dir else Path(tfds.core.constants.DATA_DIR)
    try:
        builder = tfds.builder(name, data_dir=folder)
        if not (Path(builder.data_dir).exists() or (folder / "downloads").exists()):
            # TFDS itself tries for minutes before it says that there is no network.
            requests.head(builder.info.homepage, timeout=10)
        builder.download_and_prepare()
    except Exception as error:  # Each of its many downloaders and readers raises its own.
        raise InputError(
            f"Data set '{name}' is not prepared in {folder} and can't be downloaded"
            f" ({type(error).__name__}): on a connected machine run"
            f" `python -m tensorflow_datasets build {name} --data_dir={folder}` and copy the"
            " folder here."
        ) from error
    images, labels = _read(builder, "train")
    test_images, test_labels = _read(builder, "test")
    class_names = tuple(builder.info.features["label"].names)
    return Dataset(images, labels, test_images, test_labels, class_names)


def _read(builder, split: str) -> tuple[np.ndarray, np.ndarray]:
    import tensorflow_datasets as tfds

    n = builder.info.splits[split].num_examples
    images = np.empty((n, *builder.info.features["image"].shape), np.uint8)
    labels = np.empty(n, np.int64)
    filled = 0
    for batch in tfds.as_numpy(builder.as_dataset(split=split, batch_size=1000)):
        end = filled + len(batch["label"])
        images[filled:end], labels[filled:end] = batch["image"], batch["label"]
        filled = end
    return images, labels
