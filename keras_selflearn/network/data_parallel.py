"""Training on several replicas that gives the same weights as training on one device.

Pairs and triplets are formed over the whole batch. The gradient is the gradient of the loss of the
whole batch, for any size of the batch. Keras alone gives neither: it averages the losses of shares.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

# The label of filling images: they make the size of a batch a multiple of the number of replicas.
_FILLED = -1


class DataParallelModel(tf.keras.Model):
    """A functional model that `fit` trains on all replicas of its strategy.

    Its loss must be a `WholeBatchLoss`. Its `predict` is Keras' own.
    """

    def fit(self, x: tf.data.Dataset, **options: Any) -> tf.keras.callbacks.History:
        """Train as Keras does. Batches are (images, labels) with labels of at least 0.

        In place of labels (batch,) they may have probabilities (batch, n_classes). They may have
        weights (batch,), too.
        """
        n_replicas = self.distribute_strategy.num_replicas_in_sync

        def fill(
            images: tf.Tensor, labels: tf.Tensor, *weights: tf.Tensor
        ) -> tuple[tf.Tensor, ...]:
            # Keras 3 adds up the shares of the first batch, which fails where their sizes differ.
            n_missing = -tf.shape(labels)[0] % n_replicas
            images = tf.pad(images, [[0, n_missing], [0, 0], [0, 0], [0, 0]])
            paddings = [[0, n_missing], *[[0, 0]] * (len(labels.shape) - 1)]
            labels = tf.pad(labels, paddings, constant_values=_FILLED)
            return images, labels, *(tf.pad(each, [[0, n_missing]]) for each in weights)

        return super().fit(x.map(fill), **options)

    def train_step(self, data: tuple[tf.Tensor, ...]) -> dict[str, tf.Tensor]:
        """Do one step of this replica on its share of a batch. The share may be filling alone."""
        labels = data[1]
        first_column = labels if len(labels.shape) == 1 else labels[:, 0]
        n = tf.math.count_nonzero(first_column != _FILLED)
        return super().train_step(tuple(each[:n] for each in data))


class WholeBatchLoss(tf.keras.losses.Loss):
    """The loss of the whole batch, computed from the outputs of all replicas.

    Keras divides it by the number of replicas. The gradient of the gathering adds up over them, and
    so does the optimiser. The result is the gradient of the loss of the whole batch.

    Parameters
    ----------
    loss : Loss
        If it has a value for each example, the mean over the batch is taken.
    """

    def __init__(self, loss: tf.keras.losses.Loss) -> None:
        super().__init__(name=loss.name)
        self.loss = loss

    def __call__(
        self, y_true: tf.Tensor, y_pred: tf.Tensor, sample_weight: tf.Tensor | None = None
    ) -> tf.Tensor:
        """Give the mean of the losses, each times the weight of its image, if there are weights."""
        replica = one_of_several()
        if replica is not None and sample_weight is not None:
            sample_weight = _gathered(replica, sample_weight)
        return super().__call__(y_true, y_pred, sample_weight=sample_weight)

    def call(self, y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
        """Give the losses (batch,) or (1,) of this replica's labels and outputs."""
        replica = one_of_several()
        if replica is not None:
            y_true, y_pred = (_gathered(replica, each) for each in (y_true, y_pred))
        # Keras 3 divides no scalar by the number of replicas.
        return tf.reshape(self.loss.call(y_true, y_pred), [-1])


@tf.keras.utils.register_keras_serializable(package="keras_selflearn")
class NeverEmpty(tf.keras.layers.Layer):
    """Add a black image to an empty share: on a CPU a convolution of no images fails."""

    def call(self, pixels: tf.Tensor) -> tf.Tensor:
        """Give (max(batch, 1), height, width, channels) for (batch, height, width, channels)."""
        return never_empty(pixels)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The shape of the inputs: the batch is not known."""
        return input_shape


@tf.keras.utils.register_keras_serializable(package="keras_selflearn")
class AsMany(tf.keras.layers.Layer):
    """Remove what `NeverEmpty` added."""

    def call(self, inputs: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
        """Give as many features (batch, d) as there are images of pixels (batch, ...)."""
        features, pixels = inputs
        return features[: tf.shape(pixels)[0]]

    def compute_output_shape(
        self, input_shape: Sequence[tuple[int | None, ...]]
    ) -> tuple[int | None, ...]:
        """The shape of the features."""
        return input_shape[0]


def never_empty(pixels: tf.Tensor) -> tf.Tensor:
    """Add a black image to pixels (batch, height, width, channels) of no images."""
    n_missing = tf.maximum(1 - tf.shape(pixels)[0], 0)
    return tf.pad(pixels, [[0, n_missing], [0, 0], [0, 0], [0, 0]])


def features_of_share(backbone: tf.keras.layers.Layer, pixels: tf.Tensor) -> tf.Tensor:
    """Features (batch, d) of symbolic pixels (batch, height, width, 3). The batch may be empty."""
    features = backbone(NeverEmpty(name="never_empty")(pixels))
    return AsMany(name="as_many")([features, pixels])


def _gathered(replica: tf.distribute.ReplicaContext, share: tf.Tensor) -> tf.Tensor:
    """The whole batch. Gathering forgets the sizes of the other dimensions."""
    return tf.ensure_shape(replica.all_gather(share, axis=0), (None, *share.shape[1:]))


def one_of_several() -> tf.distribute.ReplicaContext | None:
    """The replica that is traced, or None outside of a training on several."""
    replica = tf.distribute.get_replica_context()
    return replica if replica is not None and replica.num_replicas_in_sync > 1 else None
