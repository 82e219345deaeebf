"""The elements of a `tf.data.Dataset` as Keras' `fit` takes it: images, and perhaps labels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from keras_selflearn.console.errors import InputError

_PARTS = ("images", "labels", "weights")


def has_labels(images: Any) -> bool:
    """Whether this is a data set of TensorFlow whose elements are images and labels."""
    return isinstance(images, tf.data.Dataset) and isinstance(images.element_spec, tuple)


def check_labels_once(images: Any, y: Any) -> None:
    """Raise an `InputError` if a data set has labels, and `y` is given, too."""
    if has_labels(images) and y is not None:
        raise InputError("X is a data set with labels of its own, and y is given: leave y out.")


def one_size(dataset: tf.data.Dataset) -> bool:
    """Whether its specification says that all images have one size."""
    shape = _images(dataset, "X").shape
    return None not in tuple(shape)[-3:]


def elements_of(dataset: tf.data.Dataset, name: str) -> Iterator[tuple[Any, ...]]:
    """Give (k, height, width, channels) images, and (k,) labels and weights, or None.

    Raises
    ------
    InputError
        For a data set that never ends, and for elements of another kind.
    """
    spec = _images(dataset, name)
    if int(dataset.cardinality()) == tf.data.INFINITE_CARDINALITY:
        raise InputError(f"{name} is a data set that never ends: leave out its repeat().")
    is_batched = len(spec.shape) == 4
    for element in dataset.as_numpy_iterator():
        parts = element if isinstance(element, tuple) else (element,)
        arrays = [np.asarray(each) if is_batched else np.asarray(each)[None] for each in parts]
        for what, array in zip(_PARTS[1:], arrays[1:]):
            if array.shape != arrays[0].shape[:1]:
                raise InputError(
                    f"{name} is a data set with {what} of shape {array.shape} for"
                    f" {len(arrays[0])} images: give one number or text an image."
                )
        if len(arrays) > 1:
            arrays[1] = _as_texts(arrays[1])
        yield (*arrays, *(None for _ in _PARTS[len(arrays) :]))


def _images(dataset: tf.data.Dataset, name: str) -> Any:
    """The specification of its images."""
    spec = dataset.element_spec
    parts = spec if isinstance(spec, tuple) else (spec,)
    if not (
        1 <= len(parts) <= len(_PARTS)
        and all(isinstance(each, tf.TensorSpec) for each in parts)
        and parts[0].shape.rank in (3, 4)
    ):
        raise InputError(
            f"{name} is a data set with elements {spec}: give images (height, width, channels), one"
            " or a batch of them, or pairs of images and labels."
        )
    return parts[0]


def _as_texts(labels: np.ndarray) -> np.ndarray:
    """Labels of TensorFlow's strings, which NumPy has as bytes, as texts."""
    if labels.dtype.kind not in "OS":
        return labels
    return np.array([each.decode("utf-8", "surrogateescape") for each in labels.tolist()])
