"""Softmax cross-entropy (section 3.1, equation 1)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from keras_selflearn.labelling.softmax import SoftmaxLabeller
from keras_selflearn.objective import Objective


class SoftmaxCrossEntropy(tf.keras.losses.SparseCategoricalCrossentropy):
    """Keras' loss from logits, float32 whatever their dtype."""

    def __init__(self):
        super().__init__(from_logits=True, name="cross_entropy")

    def call(self, y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
        """Losses (batch,) of labels (batch,) and logits (batch, n_classes)."""
        return super().call(y_true, tf.cast(y_pred, tf.float32))


@dataclass(frozen=True)
class CrossEntropy(Objective):
    """Logits W x + b of the embedding x; label = arg-max, confidence = its probability."""

    name = "cross-entropy"
    normalized = False
    uses_reference = False

    def loss(self) -> tf.keras.losses.Loss:
        """Of labels (batch,) and logits (batch, n_classes)."""
        return SoftmaxCrossEntropy()

    def head(self, n_classes: int) -> tf.keras.layers.Layer:
        """The layer W, b of equation 1, to float32 logits (batch, n_classes)."""
        return tf.keras.layers.Dense(n_classes, dtype="float32", name="logits")

    def labeller(
        self,
        head: tf.keras.layers.Layer,
        reference: np.ndarray,
        reference_labels: np.ndarray,
        *,
        n_classes: int,
        n_neighbors: int,
    ) -> SoftmaxLabeller:
        """The softmax of the head; the reference is not needed."""
        return SoftmaxLabeller(*head.get_weights())


OBJECTIVE = CrossEntropy
