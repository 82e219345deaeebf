"""Dropout whose masks depend on the seed and the gradient step alone: no state to save."""

from __future__ import annotations

from typing import Any, Callable

import tensorflow as tf


@tf.keras.utils.register_keras_serializable(package="keras_selflearn")
class Dropout(tf.keras.layers.Layer):
    """Drop features (batch, d). The same step always draws the same masks.

    Keras' own draws from a generator whose state can't be had on every version, so that a training
    that was broken off would go on with other masks. On several replicas each has masks of its own.

    Parameters
    ----------
    rate : float
        Share to drop, from 0 to below 1; the others grow by 1 / (1 - rate).
    seed : int
    step : callable
        Gives the number of the gradient step, an integer tensor.
    """

    def __init__(
        self, rate: float, seed: int, step: Callable[[], tf.Tensor], **options: Any
    ) -> None:
        super().__init__(**options)
        self._rate = rate
        self._seed = seed
        self._step = step

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """Drop features of (batch, d) in training; else give them unchanged."""
        if not training or not self._rate:
            return inputs
        replica = tf.distribute.get_replica_context()
        draw = tf.cast(self._step(), tf.int64)
        if replica is not None:
            draw = draw * replica.num_replicas_in_sync
            draw += tf.cast(replica.replica_id_in_sync_group, tf.int64)
        seed = tf.stack([tf.constant(self._seed, tf.int64), draw])
        kept = tf.random.stateless_uniform(tf.shape(inputs), seed) >= self._rate
        return tf.where(kept, inputs / (1 - self._rate), tf.zeros_like(inputs))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The shape of the inputs."""
        return input_shape
