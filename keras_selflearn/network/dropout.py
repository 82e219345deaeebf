"""Dropout whose masks are a function of the seed and the gradient step: it has no state."""

from __future__ import annotations

from typing import Any, Callable

import tensorflow as tf


@tf.keras.utils.register_keras_serializable(package="keras_selflearn")
class Dropout(tf.keras.layers.Layer):
    """Drops features (batch, d), with the same mask each time that a step is repeated.

    Keras' own layer draws from a generator whose state not every version gives: a training that is
    resumed would have other masks. Each of several replicas has its own masks.

    Parameters
    ----------
    rate : float
        Share to drop, from 0 to below 1. The other features grow by 1 / (1 - rate).
    seed : int
    step : callable
        Returns the number of the gradient step, an integer tensor. It counts on where the
        optimiser starts anew.
    """

    def __init__(self, rate: float, seed: int, step: Callable[[], tf.Tensor], **options: Any):
        super().__init__(**options)
        self._rate = rate
        self._seed = seed
        self._step = step

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """Return features (batch, d), unchanged unless `training`."""
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

    def compute_output_shape(self, input_shape):
        """Return the shape of the inputs."""
        return input_shape
