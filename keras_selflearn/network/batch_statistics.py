"""Batch normalisation with the statistics of each batch in training, where that is asked for."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

import tensorflow as tf

from keras_selflearn.network.data_parallel import never_empty, one_of_several
from keras_selflearn.network.inference import Inference

# The number of images of this replica's share, while a network computes them in training. Replicas
# are traced in threads, and each thread has its own value.
_SHARE: ContextVar[tf.Tensor | None] = ContextVar("share", default=None)


@tf.keras.utils.register_keras_serializable(package="keras_selflearn")
class BatchStatistics(Inference):
    """Call `network` as for inference, except its batch normalisation in training.

    In training that normalises with the mean and the variance of the whole batch, over all
    replicas, and renews its moving statistics. Nothing else changes: a network drops nothing. A
    share of a batch may be empty. See `renewing_layers` for layers that keep their statistics.
    """

    def __init__(self, network: tf.keras.Model, **options: Any) -> None:
        super().__init__(network, **options)
        for layer in renewing_layers(network):
            _watch_training(layer)

    @property
    def moving_statistics(self) -> list[tf.Variable]:
        """What training renews: the moving means and variances, float32."""
        layers = renewing_layers(self.network)
        return [each for x in layers for each in (x.moving_mean, x.moving_variance)]

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """Give what the network makes of the inputs."""
        n_images = tf.shape(inputs)[0]
        with _share_of(n_images if training else None):
            return super().call(never_empty(inputs))[:n_images]


def renewing_layers(network: tf.keras.Model) -> list[tf.keras.layers.Layer]:
    """The layers of batch normalisation whose statistics training can renew.

    Layers that are frozen have none, and neither have those with renormalisation, which keeps
    other statistics, or with statistics of more than one axis.
    """
    return [
        layer
        for layer in network._flatten_layers()  # also those in layers and models of the network
        if isinstance(layer, tf.keras.layers.BatchNormalization)
        and layer.trainable
        and not getattr(layer, "renorm", False)
        and len(layer.moving_mean.shape) == 1
    ]


@contextlib.contextmanager
def _share_of(n_images: tf.Tensor | None) -> Iterator[None]:
    before = _SHARE.set(n_images)
    try:
        yield
    finally:
        _SHARE.reset(before)


def _watch_training(layer: tf.keras.layers.Layer) -> None:
    """Let a layer that is called as for inference use the batch's statistics in training."""
    as_asked = layer.call

    def call(inputs: tf.Tensor, **options: Any) -> tf.Tensor:
        n_images = _SHARE.get()
        return as_asked(inputs, **options) if n_images is None else _train(layer, inputs, n_images)

    # Its class stays Keras' own: saved weights go by its name.
    layer.call = call


def _train(layer: tf.keras.layers.Layer, inputs: tf.Tensor, n_images: tf.Tensor) -> tf.Tensor:
    """Normalise inputs (batch, ...), of which so many are images, and renew moving statistics.

    Keras' own layers differ with the version, leave NaN after a batch of one pixel, and count the
    image that fills an empty share.
    """
    inputs = tf.cast(inputs, tf.float32)
    axis = layer.axis if isinstance(layer.axis, int) else layer.axis[0]
    others = [each for each in range(len(inputs.shape)) if each != axis % len(inputs.shape)]
    images = inputs[:n_images]
    count = _over_replicas(tf.cast(tf.size(images) / images.shape[axis], tf.float32))
    mean = _over_replicas(tf.reduce_sum(images, others, keepdims=True)) / count
    squares = tf.reduce_sum(tf.square(images - mean), others, keepdims=True)
    variance = _over_replicas(squares) / count
    for moving, now in ((layer.moving_mean, mean), (layer.moving_variance, variance)):
        kept = layer.momentum * tf.convert_to_tensor(moving)
        moving.assign(kept + (1 - layer.momentum) * tf.reshape(now, [-1]))
    outputs = tf.nn.batch_normalization(
        inputs,
        mean,
        variance,
        tf.reshape(layer.beta, mean.shape) if layer.center else None,
        tf.reshape(layer.gamma, mean.shape) if layer.scale else None,
        layer.epsilon,
    )
    return tf.cast(outputs, layer.compute_dtype)


def _over_replicas(value: tf.Tensor) -> tf.Tensor:
    """The sum of a value over all replicas."""
    replica = one_of_several()
    return value if replica is None else replica.all_reduce(tf.distribute.ReduceOp.SUM, value)
