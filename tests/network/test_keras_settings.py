from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from keras_selflearn.console.errors import InputError
from keras_selflearn.network import imagenet_weights
from keras_selflearn.network.applications import APPLICATIONS
from keras_selflearn.network.backbone import build_backbone
from keras_selflearn.network.keras_settings import keras_settings


@pytest.fixture
def other_settings():
    """As a keras.json may have them."""
    backend = tf.keras.backend
    backend.set_image_data_format("channels_first")
    backend.set_floatx("float64")
    yield
    backend.set_image_data_format("channels_last")
    backend.set_floatx("float32")


@pytest.mark.parametrize("name", ["tiny", "vgg16"])
def test_a_backbone_is_built_the_same_whatever_keras_json_says(name, other_settings):
    backbone = build_backbone(name, (32, 32, 3), "random")
    assert {each.numpy().dtype for each in backbone.weights} == {np.dtype("float32")}
    with keras_settings():
        features = backbone(np.zeros((2, 32, 32, 3), np.float32))
    assert features.shape == (2, backbone.output_shape[-1])


def test_the_user_s_settings_are_back_afterwards(other_settings):
    with pytest.raises(KeyError), keras_settings():
        assert tf.keras.backend.image_data_format() == "channels_last"
        raise KeyError
    assert tf.keras.backend.image_data_format() == "channels_first"
    assert tf.keras.backend.floatx() == "float64"


def test_imagenet_weights_that_are_there_and_damaged_name_their_cause(tmp_path, monkeypatch):
    def fails(*arguments):
        raise ValueError("The file is cut.")

    monkeypatch.setattr(imagenet_weights, "_keras_cache", lambda: tmp_path)
    monkeypatch.setattr(imagenet_weights, "application", fails)
    with pytest.raises(InputError, match="can't be downloaded: .*ValueError"):
        imagenet_weights.with_imagenet_weights("vgg16", (32, 32, 3))
    (tmp_path / APPLICATIONS["vgg16"].file).write_bytes(b"")
    with pytest.raises(InputError, match="can't be loaded .ValueError: The file is cut.: remove"):
        imagenet_weights.with_imagenet_weights("vgg16", (32, 32, 3))
