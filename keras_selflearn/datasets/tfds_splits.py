"""Decide which images of a TFDS data set are for training and which for testing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from keras_selflearn.console.errors import InputError, unknown_name
from keras_selflearn.datasets.test_split import choose_test
from keras_selflearn.datasets.tfds_reading import read_features
from keras_selflearn.selflearning.examples import UNLABELLED

_TRAIN, _TEST = "train", "test"
_UNLABELLED_NAMES = ("unlabelled", "unlabeled")
# Of some data sets this split is unlabelled, of others it has labels.
_EXTRA = "extra"


def split_images(
    builder: Any, name: str, unlabelled_split: str | None
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Give the labels of each split that is used, and say which images are for testing.

    A `test` split is for testing as far as it has labels. Without such images, a fifth of each
    class of `train` is; see `choose_test`.

    Parameters
    ----------
    builder : tfds.core.DatasetBuilder
        Prepared, with a split `train`.
    name : str
        Of the data set, for messages.
    unlabelled_split : str or None
        A split whose images are unlabelled training images. By default the splits `unlabelled` and
        `unlabeled` are, and `extra` if it has no label.

    Returns
    -------
    dict of (labels, part)
        By split, in the order in which they are read. Labels are (n,) int64, `UNLABELLED` where
        they are not known. The part is (n,) str: "train", "test", or "" for what is left out.

    Raises
    ------
    InputError
        For an unknown split, and for a label that is no class.
    """
    splits = builder.info.splits
    train = _labels(builder, name, _TRAIN)
    found = {_TRAIN: (train, np.full(len(train), _TRAIN))}
    for split in _unlabelled_splits(builder, name, unlabelled_split):
        number = splits[split].num_examples
        found[split] = np.full(number, UNLABELLED), np.full(number, _TRAIN)
    is_there = _TEST in splits and _TEST not in found
    test = _labels(builder, name, _TEST) if is_there else np.empty(0, np.int64)
    if (test != UNLABELLED).any():
        found[_TEST] = test, np.where(test == UNLABELLED, "", _TEST)
    else:
        is_test = choose_test(train, _keys(builder, train)) & (train != UNLABELLED)
        found[_TRAIN] = train, np.where(is_test, _TEST, _TRAIN)
    return found


def _unlabelled_splits(builder: Any, name: str, split_name: str | None) -> list[str]:
    splits: Mapping[str, Any] = builder.info.splits
    if split_name is None:
        found = [split for split in _UNLABELLED_NAMES if split in splits]
        is_unlabelled = _EXTRA in splits and not any(
            (labels != UNLABELLED).any() for labels in _batches_of_labels(builder, _EXTRA)
        )
        return found + [_EXTRA] * is_unlabelled
    if split_name not in splits:
        raise unknown_name("split", split_name, splits)
    if split_name == _TRAIN:
        raise InputError(
            f"--unlabelled_split is '{split_name}', the split of data set '{name}' whose labels are"
            " learned from: name another, or leave it out."
        )
    return [split_name]


def _labels(builder: Any, name: str, split: str) -> np.ndarray:
    batches = list(_batches_of_labels(builder, split))
    labels = np.concatenate([np.empty(0, np.int64), *batches]).astype(np.int64)
    number = builder.info.features["label"].num_classes
    wrong = labels[(labels < UNLABELLED) | (labels >= number)]
    if len(wrong):
        raise InputError(
            f"Data set '{name}' has the label {wrong[0]} in its split '{split}', which is neither"
            f" one of its {number} classes nor {UNLABELLED} for unlabelled: choose another."
        )
    return labels


def _batches_of_labels(builder: Any, split: str) -> Iterator[np.ndarray]:
    return (batch["label"] for batch in read_features(builder, split, ["label"]))


def _keys(builder: Any, labels: np.ndarray) -> list[bytes]:
    if "image/filename" not in builder.info.features:
        return [str(i).encode() for i in range(len(labels))]
    files = [
        file
        for batch in read_features(builder, _TRAIN, ["image/filename"])
        for file in batch["image/filename"]
    ]
    names = builder.info.features["label"].names
    # File names repeat from class to class.
    return [names[label].encode() + b"/" + file for label, file in zip(labels, files)]
