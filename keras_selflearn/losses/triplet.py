"""Triplet loss on semi-hard triplets (section 3.2, equation 1)."""

from __future__ import annotations

import contextlib
import warnings
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from keras_selflearn.losses.distances import pairwise_distances, same_class, squared_distances
from keras_selflearn.losses.objective import Objective
from keras_selflearn.losses.parameters import check_parameters, parameter

_DISTANCES = {"euclidean": pairwise_distances, "squared": squared_distances}
_ADDONS_NAMES = {"euclidean": "L2", "squared": "squared-L2"}


def triplet_semihard_loss(
    labels: tf.Tensor, embeddings: tf.Tensor, *, margin: float = 1.0, distance: str = "euclidean"
) -> tf.Tensor:
    """Mean of max(d(a, p) - d(a, n) + margin, 0) over all anchors and positives of the batch.

    For an anchor a and a positive p, the negative n is the nearest negative that is farther from a
    than p is. The triplet is semi-hard when n is within the margin. If no negative is farther than
    p, n is the farthest negative. If the batch has no negative, d(a, n) counts as 0. TensorFlow
    Addons does the same.

    Parameters
    ----------
    labels : (n,) or (n, 1) integers
    embeddings : (n, d) floats
        Of length 1.
    margin : float
        In the unit of d.
    distance : "euclidean" or "squared"
        d: the Euclidean distance, as in the paper, or its square, as in the authors' code.

    Returns
    -------
    () float32
        0 when no two examples have the same class: there is no triplet. (Addons gives NaN.)
    """
    distances = _DISTANCES[distance](embeddings)
    alike = same_class(labels)
    negative = ~alike[:, None, :]  # indices: anchor, positive, negative
    farther = negative & (distances[:, None, :] > distances[:, :, None])
    nearest_farther = _masked_minimum(distances[:, None, :], farther)
    farthest = _masked_maximum(distances, ~alike)[:, None]
    to_negative = tf.where(tf.reduce_any(farther, axis=2), nearest_farther, farthest)
    positive = tf.cast(alike, tf.float32) - tf.eye(tf.shape(alike)[0])
    losses = tf.maximum((margin + (distances - to_negative)) * positive, 0.0)
    return tf.math.divide_no_nan(tf.reduce_sum(losses), tf.reduce_sum(positive))


def _masked_minimum(values: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
    """The least value in `mask` over the last axis; the greatest of all where `mask` is empty."""
    greatest = tf.reduce_max(values, axis=-1, keepdims=True)
    masked = (values - greatest) * tf.cast(mask, values.dtype)
    return tf.reduce_min(masked, axis=-1) + greatest[..., 0]


def _masked_maximum(values: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
    """The greatest value in `mask` over the last axis; the least of all where `mask` is empty."""
    return -_masked_minimum(-values, mask)


@tf.keras.utils.register_keras_serializable(package="keras_selflearn")
class TripletSemiHardLoss(tf.keras.losses.Loss):
    """TensorFlow Addons' loss where Addons is installed, else `triplet_semihard_loss`."""

    def __init__(self, margin: float, distance: str) -> None:
        super().__init__(name="triplet_semihard")
        self.margin = margin
        self.distance = distance
        self._addons = _addons_loss(margin, distance)

    def call(self, y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
        """The scalar loss of labels (batch,) and embeddings (batch, d)."""
        if self._addons is None:
            return triplet_semihard_loss(y_true, y_pred, margin=self.margin, distance=self.distance)
        labels = tf.reshape(y_true, [-1])
        embeddings = tf.cast(y_pred, tf.float32)
        n_classes = tf.shape(tf.unique(labels).y)[0]
        # Addons divides by the number of pairs with the same class, which may be 0.
        return tf.cond(
            n_classes == tf.shape(labels)[0],
            lambda: tf.reduce_sum(embeddings) * 0.0,
            lambda: self._addons(labels, embeddings),
        )

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this loss again."""
        return {"margin": self.margin, "distance": self.distance}


def _addons_loss(margin: float, distance: str) -> tf.keras.losses.Loss | None:
    with warnings.catch_warnings():
        # Addons warns that its development has ended; the pins in setup.py allow for that.
        warnings.simplefilter("ignore")
        with contextlib.suppress(ImportError):
            from tensorflow_addons.losses import TripletSemiHardLoss as AddonsLoss

            return AddonsLoss(margin=margin, distance_metric=_ADDONS_NAMES[distance])
    return None


@dataclass(frozen=True)
class Triplet(Objective):
    """Semi-hard triplets with Euclidean distances and margin 1.

    Raises
    ------
    InputError
        For a margin that is not positive or an unknown distance.
    """

    margin: float = parameter("margin", "The triplet margin")
    distance: str = parameter("triplet_distance", "triplet distance")

    name = "triplet"
    needs_pairs = True
    needs_two = True

    def __post_init__(self) -> None:
        check_parameters(self)

    def loss(self) -> tf.keras.losses.Loss:
        """The loss of labels (batch,) and embeddings (batch, d)."""
        return TripletSemiHardLoss(self.margin, self.distance)
