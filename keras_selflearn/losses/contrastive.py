"""Contrastive loss over all pairs of the batch (section 3.2, equation 2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from keras_selflearn.losses.distances import pairwise_distances, same_class
from keras_selflearn.losses.objective import Objective
from keras_selflearn.losses.parameters import check_parameters, parameter


def contrastive_loss(
    labels: tf.Tensor, embeddings: tf.Tensor, *, margin: float = 1.0, power: int = 1
) -> tf.Tensor:
    """Mean of y d^power + (1 - y) max(0, margin - d)^power over all pairs of two examples.

    Parameters
    ----------
    labels : (n,) or (n, 1) integers
    embeddings : (n, d) floats
        Of length 1, so that a distance d is at most 2.
    margin : float
        Two classes that are farther apart than this cost nothing.
    power : 1 or 2
        1 is the paper's equation 2, 2 the squared form of Hadsell et al. (2006).

    Returns
    -------
    () float32
        0 when the batch has one example and so no pair.
    """
    distances = pairwise_distances(embeddings)
    alike = same_class(labels)
    costs = tf.where(alike, distances, tf.maximum(margin - distances, 0.0)) ** power
    n = tf.cast(tf.shape(distances)[0], tf.float32)
    # Each pair is in the matrix twice. The diagonal costs 0.
    return tf.math.divide_no_nan(tf.reduce_sum(costs), n * (n - 1.0))


@tf.keras.utils.register_keras_serializable(package="keras_selflearn")
class ContrastiveLoss(tf.keras.losses.Loss):
    """`contrastive_loss` as a Keras loss."""

    def __init__(self, margin: float, power: int) -> None:
        super().__init__(name="contrastive")
        self.margin = margin
        self.power = power

    def call(self, y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
        """The scalar loss of labels (batch,) and embeddings (batch, d)."""
        return contrastive_loss(y_true, y_pred, margin=self.margin, power=self.power)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this loss again."""
        return {"margin": self.margin, "power": self.power}


@dataclass(frozen=True)
class Contrastive(Objective):
    """The paper's linear form with margin 1, trained with RMSprop (section 4).

    Raises
    ------
    InputError
        For a margin that is not positive or a power other than 1 and 2.
    """

    margin: float = parameter("margin", "The contrastive margin")
    power: int = parameter("contrastive_power", "The contrastive power")

    name = "contrastive"
    optimizer = "rmsprop"
    needs_two = True

    def __post_init__(self) -> None:
        check_parameters(self)

    def loss(self) -> tf.keras.losses.Loss:
        """The loss of labels (batch,) and embeddings (batch, d)."""
        return ContrastiveLoss(self.margin, self.power)
