"""The table of networks, against the networks that Keras builds."""

from __future__ import annotations

import importlib
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from legacy_weights import write_notop
from number_formats import SOME_MIXED

from keras_selflearn.network.applications import APPLICATIONS, title
from keras_selflearn.network.backbone import build_backbone, n_features
from keras_selflearn.network.batch_statistics import renewing_layers
from keras_selflearn.network.image_features import image_features
from keras_selflearn.network.precision import precision_policy
from keras_selflearn.network.preprocessing import mode_of, preprocess

slow = pytest.mark.slow
# One of each family; those that take seconds to build are left to the long suite.
FAMILIES = [
    "vgg16",
    "MobileNet",
    "MobileNetV3Small",
    *(
        pytest.param(name, marks=slow)
        for name in (
            "ConvNeXtTiny",
            "DenseNet121",
            "EfficientNetB0",
            "EfficientNetV2B0",
            "InceptionV3",
            "MobileNetV2",
            "NASNetMobile",
            "ResNet50",
            "ResNet50V2",
            "Xception",
        )
    ),
]
DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)


@pytest.fixture
def download(monkeypatch):
    """Replace Keras' download by `download.path`; the names that were asked for."""

    class Download:
        path = None
        names = []
        failure = "URL fetch failure"

        def __call__(self, name, *_, **__):
            self.names.append(name)
            if self.path is None:
                raise Exception(self.failure)
            return str(self.path)

    found = Download()
    found.names = []
    module = "utils.data_utils" if keras.__version__.startswith("2.") else "utils.file_utils"
    monkeypatch.setattr(importlib.import_module(f"keras.src.{module}"), "get_file", found)
    return found


def test_the_table_has_all_networks_that_keras_3_has():
    there = {each for each in dir(tf.keras.applications) if each[0].isupper()}
    ours = {title(name) for name in APPLICATIONS}
    assert ours <= there and len(ours) == 40
    if not keras.__version__.startswith("2."):
        assert ours == there


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_smallest_images_give_the_features_of_the_table(name):
    smallest = APPLICATIONS[name].smallest
    built = build_backbone(name, (smallest, smallest, 3), "random")
    assert built.output_shape == (None, n_features(name))
    assert n_features(name) == APPLICATIONS[name].features
    assert bool(renewing_layers(built)) == APPLICATIONS[name].batch_normalisation
    features = built(np.zeros((2, smallest, smallest, 3), np.float32), training=False)
    assert features.shape == (2, n_features(name)) and np.isfinite(features).all()


@pytest.mark.parametrize("name", FAMILIES)
def test_the_file_is_the_one_that_keras_asks_for(name, download):
    with pytest.raises(ValueError, match="--weights=PATH") as error:
        build_backbone(name, (96, 96, 3), "imagenet")
    assert download.names == [APPLICATIONS[name].file]
    assert APPLICATIONS[name].file in str(error.value) and title(name) in str(error.value)


def test_without_a_connection_it_is_said_what_to_download_from_where(download):
    download.failure = "URL fetch failure on https://example.org/keras/mobilenet.h5: None -- no"
    with pytest.raises(ValueError, match="can't be downloaded") as error:
        build_backbone("MobileNet", (96, 96, 3), "imagenet")
    said = "mobilenet_1_0_224_tf_no_top.h5 from https://example.org/keras/mobilenet.h5, whose"
    assert said in str(error.value) and str(Path.home() / ".keras" / "models") in str(error.value)


@pytest.mark.slow
def test_weights_of_keras_size_serve_every_size(download, tmp_path):
    download.path = tmp_path / "mobilenet.h5"
    source = build_backbone("MobileNet", (224, 224, 3), "random")
    write_notop(source, download.path)
    built = build_backbone("MobileNet", (40, 48, 3), "imagenet")
    assert built.input_shape == (None, 40, 48, 3)
    for expected, value in zip(source.get_weights(), built.get_weights()):
        np.testing.assert_array_equal(value, expected)


@pytest.mark.slow
@pytest.mark.parametrize("weights", ["imagenet", "file", "saved again"])
def test_efficientnet_computes_what_keras_computes_from_the_published_file(
    weights, download, tmp_path
):
    """Keras adds a layer for these weights alone; here the same network does for all weights."""
    path = download.path = tmp_path / "efficientnetb0_notop.h5"
    source = build_backbone("EfficientNetB0", (48, 48, 3), "random")
    first = next(x for x in source.layers if isinstance(x, tf.keras.layers.Normalization))
    first.set_weights([np.array([0.485, 0.456, 0.406]), DEVIATION, np.array(0)])
    write_notop(source, path)
    images = np.random.default_rng(0).uniform(0, 255, (2, 48, 48, 3)).astype(np.float32)
    theirs = tf.keras.applications.EfficientNetB0(
        include_top=False, pooling="avg", input_shape=(48, 48, 3), weights="imagenet"
    )
    if weights == "saved again":
        again = tmp_path / "again.weights.h5"
        build_backbone("EfficientNetB0", (48, 48, 3), path).save_weights(again)
        path = again
    ours = build_backbone(
        "EfficientNetB0", (48, 48, 3), "imagenet" if weights == "imagenet" else path
    )
    expected, found, unscaled = (
        model(images, training=False).numpy() for model in (theirs, ours, source)
    )
    size = np.abs(expected).max()  # tiny, with random weights
    np.testing.assert_allclose(found / size, expected / size, atol=1e-3)
    assert np.abs(unscaled - expected).max() > 0.1 * size


@pytest.mark.slow
def test_batch_normalisation_keeps_its_statistics_and_learns_the_rest():
    images = tf.keras.Input((32, 32, 3), dtype="uint8")
    features, backbone = image_features(images, backbone="MobileNet", weights="random")
    model = tf.keras.Model(images, features)
    model.compile(tf.keras.optimizers.SGD(1.0), "mse")
    layer = backbone.get_layer("conv_pw_13_bn")
    before = layer.get_weights()
    x = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), np.uint8)
    model.fit(x, np.ones((4, 1024)), verbose=0)
    _, beta, mean, variance = layer.get_weights()
    assert np.abs(beta - before[1]).max() > 0
    np.testing.assert_array_equal((mean, variance), before[2:])


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_training_draws_nothing_and_reaches_all_weights_in_16_bits(name):
    """Exact resuming, and equal steps on one and on several replicas, rest on this."""
    size = APPLICATIONS[name].smallest
    images = tf.keras.Input((size, size, 3), dtype="uint8")
    with precision_policy(SOME_MIXED):
        features, backbone = image_features(images, backbone=name, weights="random", several=True)
    model = tf.keras.Model(images, features)
    x = np.random.default_rng(0).integers(0, 256, (3, size, size, 3), np.uint8)
    statistics = [each.numpy() for each in backbone.non_trainable_variables]
    with tf.GradientTape() as tape:
        found = tf.cast(model(x, training=True), tf.float32)
    gradients = tape.gradient(found, backbone.trainable_variables)
    with precision_policy(SOME_MIXED):
        pixels = preprocess(tf.constant(x), mode_of(None, name))
    expected = backbone(pixels, training=False)
    np.testing.assert_array_equal(found, tf.cast(expected, tf.float32))
    assert np.isfinite(found).all()
    assert len(gradients) > 10 and all(each is not None for each in gradients)
    for each, before in zip(backbone.non_trainable_variables, statistics):
        np.testing.assert_array_equal(each.numpy(), before)
