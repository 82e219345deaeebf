"""A network whose backbones are not trained: standardised features, and a linear head on them."""

from __future__ import annotations

import functools
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Callable

import numpy as np
import tensorflow as tf

from keras_selflearn.network.image_features import image_features
from keras_selflearn.network.keras_settings import keras_settings
from keras_selflearn.network.model import Network, compiled, largest, shape_seen
from keras_selflearn.network.precision import precision_policy
from keras_selflearn.network.side_by_side import Backbones, each_backbone, weights_of_each


@dataclass(frozen=True)
class HeadNetwork(Network):
    """A network of which the embedding and the head are computed outside of Keras.

    Attributes
    ----------
    featurizers : tuple of Model
        From uint8 images (batch, height, width, channels) to float32 features (batch, d); one for
        each backbone.
    standards : tuple of ScaleAndShift
        What standardises the features of each backbone.
    """

    featurizers: tuple[tf.keras.Model, ...]
    standards: tuple[ScaleAndShift, ...]

    @property
    def seen_shape(self) -> tuple[int, int, int]:
        """Height, width and channels of the images once they are resized; the largest."""
        return largest(map(shape_seen, self.featurizers, self.backbones))

    @functools.cached_property
    def feature_functions(self) -> tuple[Callable[[tf.Tensor], tf.Tensor], ...]:
        """`featurizers` as compiled functions."""
        return tuple(map(compiled, self.featurizers))

    def set_embedding(self, parts: Sequence[tuple[np.ndarray, np.ndarray]]) -> None:
        """Set the scale and the shift (d,) of each backbone's features: see `FeatureEmbedding`."""
        for standard, (scale, shift) in zip(self.standards, parts):
            standard.set_weights([scale, shift])

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


@keras_settings()
@precision_policy("float32")
def build_head_network(
    *,
    backbone: Backbones,
    weights: str | os.PathLike,
    image_shape: tuple[int, int, int],
    n_classes: int,
    precision: str,
    mirror: bool = False,
    image_size: int | None = None,
    preprocessing: str | None = None,
) -> HeadNetwork:
    """Build the network; its embedding and head are set later.

    The features of each backbone become a row of length 1. The rows of several backbones are
    joined, and the joined row gets the length 1.

    Parameters
    ----------
    backbone : str, Model or path, or several
        As `each_backbone` takes it.
    weights : str or path
        As `weights_of_each` and `build_backbone` take it.
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
    backbones = each_backbone(backbone)
    bases, featurizers = [], []
    starts = weights_of_each(backbones, weights)
    for number, (each, start) in enumerate(zip(backbones, starts), start=1):
        base, featurizer = _featurizer(
            image_shape,
            name=f"featurizer_{number}",
            mirror=mirror,
            precision=precision,
            backbone=each,
            weights=start,
            image_size=image_size,
            preprocessing=preprocessing,
        )
        bases.append(base)
        featurizers.append(featurizer)
    images, embedding, standards = _embedding(image_shape, featurizers)
    head = layers.Dense(n_classes, dtype="float32", name="head")
    return HeadNetwork(
        trainer=tf.keras.Model(images, head(embedding), name="trainer"),
        embedder=tf.keras.Model(images, embedding, name="embedder"),
        backbones=tuple(bases),
        head=head,
        earlier_steps=tf.Variable(0, trainable=False, dtype=tf.int64),
        featurizers=tuple(featurizers),
        standards=tuple(standards),
    )


def _featurizer(
    image_shape: tuple[int, int, int], *, name: str, mirror: bool, precision: str, **options: Any
) -> tuple[tf.keras.Model, tf.keras.Model]:
    """Return a backbone, and the model from images to its features; `options` make features."""
    layers = tf.keras.layers
    images = tf.keras.Input(image_shape, dtype="uint8", name="images")
    with precision_policy(precision):
        features, base = image_features(images, **options)
    features = layers.Activation("linear", dtype="float32", name="features")(features)
    featurizer = tf.keras.Model(images, features, name=name)
    if mirror:
        flipped = Mirrored(name="mirrored")(images)
        # Twice as a layer: Keras' files and copies know no layer that is in a model and beside it.
        both = [featurizer(images), featurizer(flipped)]
        features = layers.Average(dtype="float32", name="both")(both)
        featurizer = tf.keras.Model(images, features, name=f"{name}_of_both")
    return base, featurizer


def _embedding(
    image_shape: tuple[int, int, int], featurizers: list[tf.keras.Model]
) -> tuple[tf.Tensor, tf.Tensor, list[ScaleAndShift]]:
    """Return symbolic images and embeddings (batch, d), and what standardises the features."""
    if len(featurizers) == 1:
        standard = ScaleAndShift(dtype="float32", name="standardised")
        # Its layers stay layers of the whole network, where saved weights have them.
        images, features = featurizers[0].inputs[0], featurizers[0].outputs[0]
        return images, _unit("unit_embedding")(standard(features)), [standard]
    images = tf.keras.Input(image_shape, dtype="uint8", name="images")
    standards, rows = [], []
    for number, featurizer in enumerate(featurizers, start=1):
        standards.append(ScaleAndShift(dtype="float32", name=f"standardised_{number}"))
        rows.append(_unit(f"unit_row_{number}")(standards[-1](featurizer(images))))
    joined = tf.keras.layers.Concatenate(dtype="float32", name="side_by_side")(rows)
    return images, _unit("unit_embedding")(joined), standards


def _unit(name: str) -> tf.keras.layers.Layer:
    return tf.keras.layers.UnitNormalization(dtype="float32", name=name)


@tf.keras.utils.register_keras_serializable(package="keras_selflearn")
class Mirrored(tf.keras.layers.Layer):
    """Swap left and right."""

    def call(self, images: tf.Tensor) -> tf.Tensor:
        """Give images (batch, height, width, channels) of the same dtype."""
        return images[:, :, ::-1]

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The shape of the inputs."""
        return input_shape
