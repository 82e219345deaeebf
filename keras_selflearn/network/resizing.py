"""Resizing of images as Pillow's bicubic does it, in a graph."""

from __future__ import annotations

from typing import Any

import tensorflow as tf


@tf.keras.utils.register_keras_serializable(package="keras_selflearn")
class Resize(tf.keras.layers.Layer):
    """Resize images of one size (batch, any, any, channels) uint8; see `resize_in_graph`.

    Parameters
    ----------
    height, width : int
        What they are resized to.
    """

    def __init__(self, height: int, width: int, **options: Any) -> None:
        super().__init__(**{"dtype": "uint8", **options})
        self.height = height
        self.width = width

    def call(self, images: tf.Tensor) -> tf.Tensor:
        """Give (batch, height, width, channels) uint8."""
        return resize_in_graph(images, self.height, self.width)

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
