"""Softmax cross-entropy (section 3.1, equation 1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from keras_selflearn.losses.objective import Objective
from keras_selflearn.losses.parameters import check_parameters, parameter


@tf.keras.utils.register_keras_serializable(package="keras_selflearn")
class SoftmaxCrossEntropy(tf.keras.losses.SparseCategoricalCrossentropy):
    """Keras' cross-entropy from logits, always in float32, with smoothed labels.

    Parameters
    ----------
    label_smoothing : float
        Share of each label that is spread evenly over all classes, 0 to below 1.
    """

    def __init__(self, label_smoothing: float = 0.0) -> None:
        super().__init__(from_logits=True, name="cross_entropy")
        self.label_smoothing = label_smoothing

    def call(self, y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
        """The losses (batch,) of labels (batch,) and logits (batch, n_classes).

        In place of labels it takes the probability of each class (batch, n_classes), too.
        """
        logits = tf.cast(y_pred, tf.float32)
        if len(y_true.shape) == 2 and y_true.shape[-1] == logits.shape[-1]:
            targets = tf.cast(y_true, tf.float32)
            losses = tf.nn.softmax_cross_entropy_with_logits(labels=targets, logits=logits)
        else:
            losses = super().call(y_true, logits)
        if not self.label_smoothing:
            return losses
        # The loss of a label that is spread evenly: the mean of minus all log-probabilities.
        of_even = -tf.reduce_mean(tf.nn.log_softmax(logits), axis=-1)
        return (1 - self.label_smoothing) * losses + self.label_smoothing * of_even

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this loss again."""
        return {"label_smoothing": self.label_smoothing}


@dataclass(frozen=True)
class CrossEntropy(Objective):
    """Cross-entropy of the logits W x + b of the embedding x.

    Parameters
    ----------
    label_smoothing : float, default=0
        Share of each label that is spread evenly over all classes in training, 0 to below 1.

    Raises
    ------
    InputError
        When the label smoothing is out of range.
    """

    label_smoothing: float = parameter("label_smoothing", "The label smoothing")

    name = "cross-entropy"
    normalized = False
    logits = True
    weighs = True
    labelling = "softmax"

    def __post_init__(self) -> None:
        check_parameters(self)

    def loss(self) -> tf.keras.losses.Loss:
        """The loss of labels (batch,) and logits (batch, n_classes)."""
        return SoftmaxCrossEntropy(self.label_smoothing)

    def head(self, n_classes: int) -> tf.keras.layers.Layer:
        """The layer with W and b of equation 1, which gives float32 logits (batch, n_classes)."""
        return tf.keras.layers.Dense(n_classes, dtype="float32", name="logits")
