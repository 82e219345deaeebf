from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from own_models import own_model

from keras_selflearn.network.image_features import image_features
from keras_selflearn.network.resizing import Resize, resize_in_graph

IMAGES = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), np.uint8)


def model_of(shape=(32, 32, 3), **options):
    images = tf.keras.Input(shape, dtype="uint8")
    features, backbone = image_features(
        images, **{"backbone": "tiny", "weights": "random", **options}
    )
    return tf.keras.Model(images, features), backbone


def test_by_default_images_keep_their_size_and_are_divided_by_255():
    model, backbone = model_of()
    assert not any(isinstance(layer, Resize) for layer in model.layers)
    expected = backbone(IMAGES / np.float32(255))
    np.testing.assert_allclose(model(IMAGES), expected, rtol=1e-5, atol=1e-6)


def test_images_are_resized_first():
    model, backbone = model_of(image_size=80)
    assert backbone.input_shape == (None, 80, 80, 3)
    resized = resize_in_graph(tf.constant(IMAGES), 80, 80).numpy()
    expected = backbone(resized / np.float32(255))
    np.testing.assert_allclose(model(IMAGES), expected, rtol=1e-5, atol=1e-6)


def test_images_that_have_the_size_are_not_resized():
    model, _ = model_of(image_size=32)
    assert not any(isinstance(layer, Resize) for layer in model.layers)


def test_pixels_are_scaled_as_asked():
    model, backbone = model_of(preprocessing="tf")
    expected = backbone(IMAGES / np.float32(127.5) - 1)
    np.testing.assert_allclose(model(IMAGES), expected, rtol=1e-5, atol=1e-6)


def test_several_replicas_take_the_same_features():
    model, backbone = model_of(image_size=48, several=True)
    expected = backbone(resize_in_graph(tf.constant(IMAGES), 48, 48).numpy() / np.float32(255))
    np.testing.assert_allclose(model(IMAGES), expected, rtol=1e-5, atol=1e-6)
    assert model(IMAGES[:0]).shape == (0, 32)


def test_a_network_with_statistics_is_shared_out_too():
    model, backbone = model_of(backbone=own_model(), weights="own", several=True)
    expected = backbone(IMAGES.astype(np.float32), training=False)
    np.testing.assert_allclose(model(IMAGES, training=True), expected, rtol=1e-5, atol=1e-6)
    assert model(IMAGES[:0]).shape == (0, 6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"preprocessing": "imagenet"}, "not for backbone 'tiny'"),
        ({"backbone": "tinny"}, "did you mean 'tiny'"),
        ({"weights": "imagenet"}, "no 'imagenet' weights"),
    ],
)
def test_what_does_not_fit_is_an_error(options, message):
    with pytest.raises(ValueError, match=message):
        model_of(**options)
