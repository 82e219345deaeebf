"""ArcFace: a softmax over angles, with a margin on the true angle (section 3.2, equation 3)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from keras_selflearn.losses.objective import Objective
from keras_selflearn.losses.parameters import check_parameters, parameter

# The slope of an angle with respect to its cosine is 1 / sine: below this sine it is cut off.
_LEAST_SINE_SQUARED = 1e-6


def arcface_loss(
    labels: tf.Tensor, cosines: tf.Tensor, *, scale: float = 30.0, margin: float = 0.5
) -> tf.Tensor:
    """Cross-entropy of scale * cos(angle), with the margin added to the angle of the true class.

    It is the mean over the batch.

    Parameters
    ----------
    labels : (n,) or (n, 1) integers
    cosines : (n, n_classes) floats in [-1, 1]
        The cosines of the angles between an embedding and each class's weight vector.
    scale : float
        s, the radius of the hypersphere.
    margin : float
        m, in radians. The equation is kept for angles above pi - m, where cos(angle + m) rises.

    Returns
    -------
    () float32
        Its gradient is finite, also at the angles 0 and pi.
    """
    return tf.reduce_mean(_losses(labels, cosines, scale, margin))


def _losses(labels: tf.Tensor, cosines: tf.Tensor, scale: float, margin: float) -> tf.Tensor:
    """The loss (n,) of each image."""
    # Keras 3 hands labels to a loss as floats.
    labels = tf.cast(tf.reshape(labels, [-1]), tf.int32)
    cosines = tf.clip_by_value(tf.cast(cosines, tf.float32), -1.0, 1.0)
    is_true = tf.one_hot(labels, tf.shape(cosines)[1], on_value=True, off_value=False)
    logits = scale * tf.where(is_true, _cosine_of_sum(cosines, margin), cosines)
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)


def _cosine_of_sum(cosines: tf.Tensor, margin: float) -> tf.Tensor:
    """The cosine of angle + margin without arccos, whose slope is infinite at both ends."""
    sine_squared = (1.0 - cosines) * (1.0 + cosines)
    steep = sine_squared < _LEAST_SINE_SQUARED
    sines = tf.sqrt(tf.where(steep, _LEAST_SINE_SQUARED, sine_squared))
    sines = tf.where(steep, tf.stop_gradient(tf.sqrt(sine_squared)), sines)
    return cosines * math.cos(margin) - sines * math.sin(margin)


@tf.keras.utils.register_keras_serializable(package="keras_selflearn")
class ArcFaceLoss(tf.keras.losses.Loss):
    """`arcface_loss` as a Keras loss."""

    def __init__(self, scale: float, margin: float) -> None:
        super().__init__(name="arcface")
        self.scale = scale
        self.margin = margin

    def call(self, y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
        """The losses (batch,) of labels (batch,) and cosines (batch, n_classes)."""
        return _losses(y_true, y_pred, self.scale, self.margin)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this loss again."""
        return {"scale": self.scale, "margin": self.margin}


@tf.keras.utils.register_keras_serializable(package="keras_selflearn")
class CosineHead(tf.keras.layers.Layer):
    """Cosine of the angle between each embedding and each class's weight vector, in float32.

    Parameters
    ----------
    n_classes : int
    """

    def __init__(self, n_classes: int, **kwargs: Any) -> None:
        super().__init__(**{"dtype": "float32", **kwargs})
        self.n_classes = n_classes

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Make the weights W of equation 3, (d, n_classes)."""
        self.kernel = self.add_weight(
            name="kernel",
            shape=(input_shape[-1], self.n_classes),
            initializer="glorot_uniform",
            trainable=True,
        )
        self.built = True

    def call(self, embeddings: tf.Tensor) -> tf.Tensor:
        """The cosines (batch, n_classes) float32 of embeddings (batch, d)."""
        directions = tf.math.l2_normalize(embeddings, axis=1)
        return tf.matmul(directions, tf.math.l2_normalize(self.kernel, axis=0))

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> tuple[int | None, int]:
        """The shape (batch, n_classes)."""
        return (input_shape[0], self.n_classes)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this layer again."""
        return {**super().get_config(), "n_classes": self.n_classes}


@dataclass(frozen=True)
class ArcFace(Objective):
    """A cosine head, scale 30 and margin 0.5 rad.

    Equation 3 divides the embedding by its length. Distances between embeddings use the same
    vectors of length 1: the loss never sees a length, so a length says nothing about the class.

    Raises
    ------
    InputError
        For a scale that is not positive or a margin outside 0 to pi / 2.
    """

    scale: float = parameter("arcface_scale", "The ArcFace scale")
    margin: float = parameter("arcface_margin", "The ArcFace margin")

    name = "arcface"
    weighs = True

    def __post_init__(self) -> None:
        check_parameters(self)

    def loss(self) -> tf.keras.losses.Loss:
        """The loss of labels (batch,) and cosines (batch, n_classes)."""
        return ArcFaceLoss(self.scale, self.margin)

    def head(self, n_classes: int) -> tf.keras.layers.Layer:
        """The layer from the embedding to the cosines (batch, n_classes)."""
        return CosineHead(n_classes, name="cosines")
