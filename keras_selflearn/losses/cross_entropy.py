"""Softmax cross-entropy (section 3.1, equation 1)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from keras_selflearn.labelling.softmax import SoftmaxLabeller
from keras_selflearn.losses.objective import Objective
from keras_selflearn.losses.parameters import check_parameters, parameter


class SoftmaxCrossEntropy(tf.keras.losses.SparseCategoricalCrossentropy):
    """Keras' loss from logits, float32 whatever their dtype, with smoothed labels.

    Parameters
    ----------
    label_smoothing : float
        Share of each label that is spread evenly over all classes.
    """

    def __init__(self, label_smoothing: float = 0.0):
        super().__init__(from_logits=True, name="cross_entropy")
        self.label_smoothing = label_smoothing

    def call(self, y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
        """Losses (batch,) of labels (batch,) and logits (batch, n_classes)."""
        logits = tf.cast(y_pred, tf.float32)
        losses = super().call(y_true, logits)
        if not self.label_smoothing:
            return losses
        # A label spread evenly costs the mean over the classes of minus the log-probability.
        of_even = -tf.reduce_mean(tf.nn.log_softmax(logits), axis=-1)
        return (1 - self.label_smoothing) * losses + self.label_smoothing * of_even


@dataclass(frozen=True)
class CrossEntropy(Objective):
    """Logits W x + b of the embedding x; label = arg-max, confidence = its probability.

    Parameters
    ----------
    label_smoothing : float, default=0
        Share of each label, 0 to below 1, that is spread evenly over all classes in training.

    Raises
    ------
    InputError
        When it is out of range.
    """

    label_smoothing: float = parameter("label_smoothing", "The label smoothing")

    name = "cross-entropy"
    normalized = False
    uses_reference = False

    def __post_init__(self):
        check_parameters(self)

    def loss(self) -> tf.keras.losses.Loss:
        """Of labels (batch,) and logits (batch, n_classes)."""
        return SoftmaxCrossEntropy(self.label_smoothing)

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
