"""ImageNet weights of the networks of `keras.applications`, as Keras publishes them."""

from __future__ import annotations

import os
import re
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from keras_selflearn.console.errors import InputError, first_line
from keras_selflearn.console.full_memory import raise_if_full
from keras_selflearn.network.applications import APPLICATIONS, title

# The published files of EfficientNetB0 to B7 have this as the variance of the pixels.
_DEVIATION = (0.229, 0.224, 0.225)


def application(
    name: str, image_shape: tuple[int, int, int] | None, weights: str | None
) -> tf.keras.Model:
    """Build a network of `APPLICATIONS` without its classes, with global average pooling.

    Parameters
    ----------
    name : str
    image_shape : (height, width, 3) or None
        None: of the size that Keras chooses.
    weights : None or "imagenet"
    """
    build = getattr(tf.keras.applications, title(name))
    return build(include_top=False, pooling="avg", input_shape=image_shape, weights=weights)


def with_imagenet_weights(name: str, image_shape: tuple[int, int, int]) -> tf.keras.Model:
    """Build a network with Keras' ImageNet weights: its own download, hash and cache.

    Raises
    ------
    InputError
        When they can't be had. It names the file and its place.
    """
    try:
        if name == "vgg16":
            return application(name, image_shape, "imagenet")
        # Of Keras' own size: for others there are other weights of MobileNet, and none of NASNet.
        source = application(name, None, "imagenet")
    except Exception as error:  # Keras' downloader raises the bare Exception.
        raise_if_full(error)
        file = _keras_cache() / APPLICATIONS[name].file
        if file.is_file():
            raise InputError(
                f"The ImageNet weights of {title(name)} in {file} can't be loaded"
                f" ({type(error).__name__}: {first_line(error)}): remove the file to download it"
                " again, or give another with weights=PATH (--weights=PATH)."
            ) from error
        address = re.search(r"https?://\S+", str(error))
        source = f" from {address[0].rstrip(':')}" if address else ""
        raise InputError(
            f"The ImageNet weights of {title(name)} can't be downloaded: give a file that you have"
            f" with weights=PATH (--weights=PATH), or put Keras' own {file.name}{source}, whose"
            f" hash it checks, into {file.parent} ({type(error).__name__})."
        ) from error
    network = application(name, image_shape, None)
    network.set_weights(source.get_weights())
    return network


def square_published_variance(network: tf.keras.Model) -> None:
    """Make EfficientNetB0 to B7 scale pixels as their published weights were trained with.

    The published files have the standard deviation of the pixels in the place of their variance.
    Keras adds a layer that divides by its root once more, but only where it loads them itself: the
    same weights would mean something else in a network that is built to load a file. Here the
    variance is squared instead, once.
    """
    for layer in network.layers:
        if isinstance(layer, tf.keras.layers.Normalization) and layer.input_mean is None:
            mean, variance, count = layer.get_weights()
            if np.allclose(variance, _DEVIATION, rtol=1e-3, atol=0):
                layer.set_weights([mean, np.square(variance), count])


def _keras_cache() -> Path:
    home = Path.home() / ".keras"
    if not keras.__version__.startswith("2."):
        home = Path(os.environ.get("KERAS_HOME", home))
    return home / "models"
