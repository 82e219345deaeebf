"""Operations on symbolic tensors that plain Keras 2 and plain Keras 3 both keep in a file."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

KERAS_2 = keras.__version__.startswith("2.")
# In Keras 2 the operations of TensorFlow are layers by themselves; Keras 3 has its own.
_OWN: Any = None if KERAS_2 else keras.ops
_MATH: Any = tf.math if KERAS_2 else _OWN


def _sum(values: Any, axis: int) -> Any:
    return tf.reduce_sum(values, axis) if KERAS_2 else _OWN.sum(values, axis)


total = _sum
expand_dims = tf.expand_dims if KERAS_2 else _OWN.expand_dims
square, floor, square_root = _MATH.square, _MATH.floor, _MATH.sqrt


def largest(values: Any, k: int) -> tuple[Any, Any]:
    """The k largest of each row and their places; of equals the first comes first."""
    found = _MATH.top_k(values, k)
    return found[0], found[1]


def at(values: Any, places: Any) -> Any:
    """The values (n, k) at these places (n, k) of rows (n, m)."""
    if KERAS_2:
        return tf.gather(values, places, axis=1, batch_dims=1)
    return _OWN.take_along_axis(values, places, axis=1)


def power(values: Any, exponent: float) -> Any:
    """Each value to the power."""
    return _MATH.pow(values, exponent) if KERAS_2 else _OWN.power(values, exponent)


def one_hot(labels: Any, n_classes: int) -> Any:
    """Rows (n, n_classes) float32 for labels (n,)."""
    return tf.one_hot(labels, n_classes) if KERAS_2 else _OWN.one_hot(labels, n_classes)


def place_of_largest(values: Any) -> Any:
    """The place of the largest along the last axis."""
    return _MATH.argmax(values, axis=-1)


def only(values: Any) -> Any:
    """Values (n,) of a column (n, 1)."""
    return tf.squeeze(values, axis=1) if KERAS_2 else _OWN.squeeze(values, axis=1)


def reversed_along(values: Any, axis: int) -> Any:
    """The same with this axis the other way round."""
    return tf.reverse(values, [axis]) if KERAS_2 else _OWN.flip(values, axis)


def as_type(values: Any, dtype: str) -> Any:
    """The values with another dtype."""
    return tf.cast(values, dtype) if KERAS_2 else _OWN.cast(values, dtype)


def between(values: Any, least: float, most: float) -> Any:
    """The values, cut off at both ends."""
    return tf.clip_by_value(values, least, most) if KERAS_2 else _OWN.clip(values, least, most)


def with_axes(values: Any, axes: tuple[int, ...]) -> Any:
    """The same with its axes in another order."""
    return tf.transpose(values, axes) if KERAS_2 else _OWN.transpose(values, axes)
