"""Streams of images as one array, which a training reads in any order."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from typing import Any

import numpy as np
import tensorflow as tf

from keras_selflearn.console.errors import InputError
from keras_selflearn.estimator.dataset_elements import check_labels_once, one_size
from keras_selflearn.estimator.image_blocks import (
    Block,
    as_array,
    blocks_of,
    check_files,
    paths_of,
)
from keras_selflearn.estimator.inputs import check_labels
from keras_selflearn.estimator.pixels import check_dtype

# What `fit` and `predict` take: arrays, tensors, lists of paths, data sets of TensorFlow.
Images = Any


def training_images(
    images: Any, y: Any, sample_weight: Any, *, image_size: int | None, float_max: float | None
) -> tuple[np.ndarray, Any, Any]:
    """The images of `fit` as one array, with labels and weights, which may come with them.

    Returns
    -------
    images : (n, height, width, channels) uint8, or what is no images at all
        An array that was given, or a memory map of a file that has no name.
    y, sample_weight
        As they were given, or arrays from the data set.

    Raises
    ------
    InputError
        For images that can't be read, files without an `image_size`, and labels from two places.
    """
    images = as_array(images)
    paths = paths_of(images)
    shape = None
    if paths is not None:
        check_labels(y, len(paths), "y")
        check_files(paths, "X")
        if image_size is None:
            raise InputError(
                "X holds paths of images, and image_size is None: give image_size, to which all are"
                " resized."
            )
        shape = image_size, image_size, 3
    elif isinstance(images, tf.data.Dataset):
        check_labels_once(images, y)
        if image_size is not None and not one_size(images):
            shape = image_size, image_size, 3
    elif not needs_reading(images, float_max):
        return images, y, sample_weight
    blocks = blocks_of(images, "X", shape=shape, resizes=True, float_max=float_max)
    gathered, labels, weights = gather(blocks, "X")
    return (
        gathered,
        y if labels is None else labels,
        sample_weight if weights is None else weights,
    )


def validation_images(
    data: Any, shape: tuple[int, int, int], *, resizes: bool, float_max: float | None
) -> Any:
    """The pair `validation_data` with its images as one array of this shape, if they need it."""
    if isinstance(data, tf.data.Dataset):
        data = data, None
    if not (isinstance(data, (tuple, list)) and len(data) == 2):
        return data  # `check_test_data` says what is wrong.
    name = "X of validation_data"
    images = as_array(data[0])
    if not is_read(images, shape, resizes=resizes, float_max=float_max):
        return images, data[1]
    blocks = blocks_of(images, name, shape=shape, resizes=resizes, float_max=float_max)
    gathered, labels, _ = gather(blocks, name)
    return gathered, data[1] if labels is None else labels


def needs_reading(images: Any, float_max: float | None) -> bool:
    """Whether these are no uint8 array, but can become one."""
    if paths_of(images) is not None or isinstance(images, tf.data.Dataset):
        return True
    is_images = isinstance(images, np.ndarray) and images.ndim == 4 and len(images) > 0
    if not is_images or images.dtype == np.uint8:
        return False
    check_dtype(images.dtype, "X", float_max)
    return True


def is_read(
    images: Any, shape: tuple[int, int, int], *, resizes: bool, float_max: float | None
) -> bool:
    """Whether these must be read in blocks before a network of this image shape takes them."""
    if needs_reading(images, float_max):
        return True
    is_images = isinstance(images, np.ndarray) and images.ndim == 4 and len(images) > 0
    return resizes and is_images and images.shape[1:] != shape


def gather(
    blocks: Iterable[Block], name: str
) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None]:
    """Write blocks to a temporary file, and map it. It goes away with the array.

    Returns
    -------
    images : (n, height, width, channels) uint8
    labels, weights : (n,) arrays or None

    Raises
    ------
    InputError
        When there is no room for it, and when there are no images.
    """
    n = 0
    shape: tuple[int, ...] = ()
    others: list[tuple[np.ndarray | None, np.ndarray | None]] = []
    try:
        with tempfile.TemporaryFile() as file:
            for block in blocks:
                file.write(np.ascontiguousarray(block.images).data)
                n, shape = n + len(block.images), block.images.shape[1:]
                others.append((block.labels, block.weights))
            if n == 0:
                raise InputError(f"{name} holds no images.")
            file.flush()
            images = np.memmap(file, np.uint8, "r", shape=(n, *shape))
    except OSError as error:
        raise InputError(
            f"The decoded images of {name} can't be kept in {tempfile.gettempdir()}"
            f" ({error.strerror or error}): set TMPDIR to a folder that has room."
        ) from error
    labels, weights = (_joined(parts) for parts in zip(*others))
    return images, labels, weights


def _joined(parts: tuple[np.ndarray | None, ...]) -> np.ndarray | None:
    found = [each for each in parts if each is not None]
    return np.concatenate(found) if found else None
