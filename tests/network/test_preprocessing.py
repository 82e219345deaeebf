"""How pixels are scaled, against Keras' own functions."""

from __future__ import annotations

import importlib

import numpy as np
import pytest
import tensorflow as tf

from keras_selflearn.network.applications import APPLICATIONS, title
from keras_selflearn.network.preprocessing import mode_of, preprocess

IMAGES = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3), np.uint8)


def scaled(mode, images=IMAGES):
    given = tf.keras.Input(images.shape[1:], dtype="uint8")
    return tf.keras.Model(given, preprocess(given, mode))(images).numpy()


def keras_own(name):
    """The function `preprocess_input` of the module of a network."""
    module = importlib.import_module(getattr(tf.keras.applications, title(name)).__module__)
    return module.preprocess_input


@pytest.mark.parametrize("name", APPLICATIONS)
def test_imagenet_is_what_keras_own_function_does(name):
    expected = keras_own(name)(IMAGES.astype(np.float32))
    found = scaled(mode_of("imagenet", name))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
    assert found.dtype == np.float32


def test_by_default_each_network_gets_what_its_weights_were_trained_with():
    chosen = {name: mode_of(None, name) for name in ("vgg16", "tiny", "ResNet50", "Xception")}
    assert chosen == {"vgg16": "unit", "tiny": "unit", "ResNet50": "caffe", "Xception": "tf"}
    assert mode_of(None, "DenseNet121") == "torch"
    assert mode_of(None, "EfficientNetB0") == mode_of(None, None) == "raw"
    assert mode_of("imagenet", "vgg16") == "caffe"


def test_unit_divides_by_255_and_raw_leaves_pixels_alone():
    np.testing.assert_allclose(scaled("unit"), IMAGES / np.float32(255), rtol=1e-6)
    np.testing.assert_array_equal(scaled("raw"), IMAGES)


@pytest.mark.parametrize("mode", ["unit", "raw", "tf", "torch", "caffe"])
def test_grey_images_are_scaled_as_rgb(mode):
    grey = IMAGES[..., :1]
    np.testing.assert_allclose(scaled(mode, grey), scaled(mode, np.repeat(grey, 3, -1)), rtol=1e-6)


@pytest.mark.parametrize("mode", ["raw", "tf", "torch", "caffe"])
def test_what_takes_a_mean_off_stays_float32_in_every_precision(mode):
    before = tf.keras.mixed_precision.global_policy()
    tf.keras.mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        assert scaled(mode).dtype == np.float32
    finally:
        tf.keras.mixed_precision.set_global_policy(before)


@pytest.mark.parametrize(
    ("preprocessing", "backbone", "message"),
    [
        ("imagenet", "tiny", "not for backbone 'tiny'"),
        ("imagenet", None, "not for a model of your own"),
        ("tff", "vgg16", "did you mean 'tf'"),
    ],
)
def test_what_does_not_fit_is_an_error(preprocessing, backbone, message):
    with pytest.raises(ValueError, match=message):
        mode_of(preprocessing, backbone)
