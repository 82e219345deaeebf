"""Dropout whose masks depend on the seed and the gradient step alone: no state to save."""

from __future__ import annotations

from typing import Any, Callable

import tensorflow as tf


@tf.keras.utils.register_keras_serializable(package="keras_selflearn")
class Dropout(tf.keras.layers.Layer):
    """Drop features (batch, d). The same step always draws the same masks.

    Keras' own dropout draws from a generator, and not every version gives the state of it. So a
    training that was stopped would go on with other masks. Several replicas have different masks.

    Parameters
    ----------
    rate : float
        Share to drop, from 0 to below 1; the others grow by 1 / (1 - rate).
    seed : int
    step : callable, optional
        Gives the number of the gradient step, an integer tensor. A layer that was read from a file
        has none, and draws at random in training.
    """

    def __init__(
        self, rate: float, seed: int, step: Callable[[], tf.Tensor] | None = None, **options: Any
    ) -> None:
        super().__init__(**options)
        self._rate = rate
        self._seed = seed
        self._step = step

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """Drop features of (batch, d) in training; else give them unchanged."""
        if not training or not self._rate:
            return inputs
        if self._step is None:
            kept = tf.random.uniform(tf.shape(inputs)) >= self._rate
        else:
            kept = self._mask(tf.shape(inputs), self._step())
        return tf.where(kept, inputs / (1 - self._rate), tf.zeros_like(inputs))

    def _mask(self, shape: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
        replica = tf.distribute.get_replica_context()
        draw = tf.cast(step, tf.int64)
        if replica is not None:
            draw = draw * replica.num_replicas_in_sync
            draw += tf.cast(replica.replica_id_in_sync_group, tf.int64)
        seed = tf.stack([tf.constant(self._seed, tf.int64), draw])
        return tf.random.stateless_uniform(shape, seed) >= self._rate

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The shape of the inputs."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """What a file of Keras keeps of the layer."""
        return {**super().get_config(), "rate": self._rate, "seed": self._seed}
