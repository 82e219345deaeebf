"""From pixels 0..255 to what a backbone takes."""

from __future__ import annotations

import tensorflow as tf

from keras_selflearn.console.errors import InputError, unknown_name
from keras_selflearn.network.applications import APPLICATIONS
from keras_selflearn.network.names import PREPROCESSING

# Without the option, pixels of these two are divided by 255, as the paper's authors do.
_DIVIDED = ("vgg16", "tiny")
# Mean and standard deviation of ImageNet: of red, green and blue, from 0 to 1 (torch), and the
# mean of blue, green and red, from 0 to 255 (caffe).
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_CAFFE_MEAN = (103.939, 116.779, 123.68)


def mode_of(preprocessing: str | None, backbone: str | None) -> str:
    """Choose the way in which pixels are scaled: unit, raw, tf, torch or caffe.

    Parameters
    ----------
    preprocessing : str or None
        One of `PREPROCESSING`; None: the backbone's own.
    backbone : str or None
        A name from `BACKBONES`; None for a model of the user's.

    Raises
    ------
    InputError
        For an unknown way, and for `imagenet` where the backbone has no ImageNet weights.
    """
    if preprocessing is None:
        preprocessing = "unit" if backbone in _DIVIDED else "imagenet" if backbone else "raw"
    if preprocessing not in PREPROCESSING:
        raise unknown_name("preprocessing", str(preprocessing), PREPROCESSING)
    if preprocessing != "imagenet":
        return preprocessing
    if backbone not in APPLICATIONS:
        whose = f"backbone '{backbone}'" if backbone else "a model of your own"
        raise InputError(
            f"Preprocessing 'imagenet' is not for {whose}, which Keras has no ImageNet weights of:"
            " give unit, raw, tf, torch or caffe."
        )
    mode = APPLICATIONS[backbone].mode
    return "raw" if mode == "inside" else mode


def preprocess(images: tf.Tensor, mode: str) -> tf.Tensor:
    """Scale symbolic images (batch, height, width, 1 or 3) uint8 to floats with 3 channels.

    Parameters
    ----------
    images : symbolic uint8
    mode : str
        unit: x / 255. raw: x. tf: from -1 to 1. torch: the mean of ImageNet is subtracted, and the
        rest is divided by the standard deviation. caffe: blue comes first, and the mean of ImageNet
        is subtracted.
    """
    layers = tf.keras.layers
    # `unit` has the type of the policy, as in all results so far. The others are float32, because
    # a mean is subtracted there: bfloat16 would lose most of the digits.
    options = {} if mode == "unit" else {"dtype": "float32"}
    scale = 1 / 255 if mode == "unit" else 1.0
    pixels = layers.Rescaling(scale, name="pixels", **options)(images)
    if images.shape[-1] == 1:
        pixels = layers.Concatenate(name="grey_as_rgb", **options)([pixels] * 3)
    if mode == "tf":
        pixels = layers.Rescaling(1 / 127.5, -1.0, name="scaled", **options)(pixels)
    elif mode == "torch":
        scales = [1 / (255 * each) for each in _DEVIATION]
        offsets = [-mean / each for mean, each in zip(_MEAN, _DEVIATION)]
        pixels = layers.Rescaling(scales, offsets, name="scaled", **options)(pixels)
    elif mode == "caffe":
        pixels = BlueFirst(name="blue_first", **options)(pixels)
        offsets = [-mean for mean in _CAFFE_MEAN]
        pixels = layers.Rescaling(1.0, offsets, name="scaled", **options)(pixels)
    return pixels


@tf.keras.utils.register_keras_serializable(package="keras_selflearn")
class BlueFirst(tf.keras.layers.Layer):
    """Reverse the order of the channels."""

    def call(self, pixels: tf.Tensor) -> tf.Tensor:
        """Give (batch, height, width, 3) for the same, blue in place of red."""
        return pixels[..., ::-1]

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The shape of the inputs."""
        return input_shape
