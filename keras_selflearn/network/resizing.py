"""Resizing of images as Pillow's bicubic does it, in a graph."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf


@tf.keras.utils.register_keras_serializable(package="keras_selflearn")
class Resize(tf.keras.layers.Layer):
    """Resize images of one size (batch, any, any, channels) uint8; see `resize_in_graph`.

    Parameters
    ----------
    height, width : int
        What they are resized to.

    Attributes
    ----------
    by_products : bool
        Whether `resize_by_products` does it. Set it before a graph is made.
    """

    by_products = False

    def __init__(self, height: int, width: int, **options: Any) -> None:
        super().__init__(**{"dtype": "uint8", **options})
        self.height = height
        self.width = width

    def call(self, images: tf.Tensor) -> tf.Tensor:
        """Give (batch, height, width, channels) uint8."""
        resize = resize_by_products if self.by_products else resize_in_graph
        return resize(images, self.height, self.width)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The batch and the channels of the inputs."""
        return (input_shape[0], self.height, self.width, input_shape[-1])

    def get_config(self) -> dict[str, Any]:
        """What makes the same layer."""
        return {**super().get_config(), "height": self.height, "width": self.width}


def resize_in_graph(images: tf.Tensor, height: int, width: int) -> tf.Tensor:
    """Resize images (n, any, any, c) uint8 to (n, height, width, c) as Pillow's bicubic does.

    Images of that size stay as they are. The width is resized first and rounded, then the height,
    as in Pillow. Some values differ by 1; they differ by more where the first step cut values off
    at black or white.
    """

    def resized() -> tf.Tensor:
        narrow = _bicubic(images, tf.stack([tf.shape(images)[1], width]))
        return _bicubic(narrow, tf.constant([height, width]))

    same = tf.reduce_all(tf.shape(images)[1:3] == [height, width])
    found = tf.cond(same, lambda: images, resized)
    return tf.ensure_shape(found, (None, height, width, images.shape[-1]))


def _bicubic(images: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    values = tf.image.resize(images, size, method="bicubic", antialias=True)
    return tf.saturate_cast(tf.floor(values + 0.5), tf.uint8)


def resize_by_products(images: tf.Tensor, height: int, width: int) -> tf.Tensor:
    """Do what `resize_in_graph` does with operations that every runtime has.

    Each of the two steps is a product with a matrix. The sums are rounded in another order, so that
    a value differs by 1 where it lies half-way.

    Parameters
    ----------
    images : (n, h, w, c) uint8
        h and w must be known when the graph is made.
    height, width : int
    """
    columns, rows = bicubic_matrix(images.shape[2], width), bicubic_matrix(images.shape[1], height)
    values = tf.transpose(tf.cast(images, tf.float32), (0, 1, 3, 2))
    values = _rounded(tf.matmul(values, columns))
    values = _rounded(tf.matmul(tf.transpose(values, (0, 3, 2, 1)), rows))
    return tf.cast(tf.transpose(values, (0, 3, 1, 2)), tf.uint8)


def bicubic_matrix(size: int, new_size: int) -> np.ndarray:
    """The matrix (size, new_size) float32 by which a row of pixels is multiplied."""
    with tf.init_scope():  # Else it would be a part of the graph.
        identity = tf.eye(size)[:, :, None]
        resized = tf.image.resize(identity, (size, new_size), method="bicubic", antialias=True)
        return resized[:, :, 0].numpy()


def _rounded(values: tf.Tensor) -> tf.Tensor:
    return tf.clip_by_value(tf.floor(values + 0.5), 0.0, 255.0)
