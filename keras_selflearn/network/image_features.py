"""From images to the features of a backbone."""

from __future__ import annotations

import os

import tensorflow as tf

from keras_selflearn.network import data_parallel
from keras_selflearn.network.backbone import build_backbone


def image_features(
    images: tf.Tensor, *, backbone: str, weights: str | os.PathLike, several: bool = False
) -> tuple[tf.Tensor, tf.keras.Model]:
    """Return the features (batch, d) of symbolic images, and the backbone.

    Parameters
    ----------
    images : symbolic (batch, height, width, channels) uint8
        1 or 3 channels.
    backbone, weights : str, str or path
        As `build_backbone` takes them.
    several : bool
        Whether several replicas share a batch.

    Raises
    ------
    InputError
        As `build_backbone`.
    """
    layers = tf.keras.layers
    height, width, channels = images.shape[1:]
    pixels = layers.Rescaling(1 / 255, name="pixels")(images)
    if channels == 1:
        pixels = layers.Concatenate(name="grey_as_rgb")([pixels] * 3)
    base = build_backbone(backbone, (height, width, 3), weights)
    features = data_parallel.features_of_share(base, pixels) if several else base(pixels)
    return features, base
