"""A network whose backbone is not trained: standardised features, and a linear head on them."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from keras_selflearn.network.image_features import image_features
from keras_selflearn.network.model import Network
from keras_selflearn.network.own_model import Backbone
from keras_selflearn.network.precision import precision_policy


@dataclass(frozen=True)
class HeadNetwork(Network):
    """A network of which the embedding and the head are computed outside of Keras.

    Attributes
    ----------
    featurizer : Model
        From uint8 images (batch, height, width, channels) to float32 features (batch, d).
    """

    featurizer: tf.keras.Model

    def set_embedding(self, scale: np.ndarray, shift: np.ndarray) -> None:
        """Set how features become embeddings; the arrays (d,) are those of `FeatureEmbedding`."""
        self.embedder.get_layer("standardised").set_weights([scale, shift])

    def set_head(self, kernel: np.ndarray, bias: np.ndarray) -> None:
        """Set the head, from embeddings to logits."""
        assert self.head is not None
        self.head.set_weights([kernel, bias])


@tf.keras.utils.register_keras_serializable(package="keras_selflearn")
class ScaleAndShift(tf.keras.layers.Layer):
    """Multiply each feature by a number and add another."""

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the two vectors (d,)."""
        d = input_shape[-1]
        self.scale = self.add_weight(name="scale", shape=(d,), initializer="ones", trainable=False)
        self.shift = self.add_weight(name="shift", shape=(d,), initializer="zeros", trainable=False)
        super().build(input_shape)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Give (batch, d) for (batch, d)."""
        return inputs * self.scale + self.shift


def build_head_network(
    *,
    backbone: Backbone,
    weights: str | os.PathLike,
    image_shape: tuple[int, int, int],
    n_classes: int,
    precision: str,
    mirror: bool = False,
    image_size: int | None = None,
    preprocessing: str | None = None,
) -> HeadNetwork:
    """Build the network; its embedding and head are set later.

    Parameters
    ----------
    backbone, weights : str, Model or path; str or path
        As `build_backbone` takes them.
    image_shape : (height, width, channels)
    n_classes : int
    precision : str
        The number format of the backbone; all behind it is float32.
    mirror : bool
        Whether features are the mean over an image and its mirror image.
    image_size, preprocessing : int or None, str or None
        As `image_features` takes them.

    Raises
    ------
    InputError
        As `image_features`.
    """
    layers = tf.keras.layers
    images = tf.keras.Input(image_shape, dtype="uint8", name="images")
    with precision_policy(precision):
        features, base = image_features(
            images,
            backbone=backbone,
            weights=weights,
            image_size=image_size,
            preprocessing=preprocessing,
        )
    features = layers.Activation("linear", dtype="float32", name="features")(features)
    featurizer = tf.keras.Model(images, features, name="featurizer")
    if mirror:
        flipped = Mirrored(name="mirrored")(images)
        features = layers.Average(dtype="float32", name="both")([features, featurizer(flipped)])
        featurizer = tf.keras.Model(images, features, name="featurizer_of_both")
    standard = ScaleAndShift(dtype="float32", name="standardised")(features)
    embedding = layers.UnitNormalization(dtype="float32", name="unit_embedding")(standard)
    head = layers.Dense(n_classes, dtype="float32", name="head")
    return HeadNetwork(
        trainer=tf.keras.Model(images, head(embedding), name="trainer"),
        embedder=tf.keras.Model(images, embedding, name="embedder"),
        backbone=base,
        head=head,
        earlier_steps=tf.Variable(0, trainable=False, dtype=tf.int64),
        featurizer=featurizer,
    )


@tf.keras.utils.register_keras_serializable(package="keras_selflearn")
class Mirrored(tf.keras.layers.Layer):
    """Swap left and right."""

    def call(self, images: tf.Tensor) -> tf.Tensor:
        """Give images (batch, height, width, channels) of the same dtype."""
        return images[:, :, ::-1]

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The shape of the inputs."""
        return input_shape
