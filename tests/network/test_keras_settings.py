from __future__ import annotations

import threading

import keras
import numpy as np
import pytest
import tensorflow as tf
from number_formats import SOME_MIXED
from own_models import own_model

from keras_selflearn import SelfLearningClassifier
from keras_selflearn.console.errors import InputError
from keras_selflearn.losses import get_objective
from keras_selflearn.network import imagenet_weights
from keras_selflearn.network.applications import APPLICATIONS
from keras_selflearn.network.backbone import build_backbone, load_weights
from keras_selflearn.network.head_network import build_head_network
from keras_selflearn.network.keras_settings import keras_settings
from keras_selflearn.network.linear_embedding import build_embedding_network
from keras_selflearn.network.model import build_network

backend, mixed_precision = tf.keras.backend, tf.keras.mixed_precision
SIZES = {"image_shape": (32, 32, 3), "n_classes": 3, "backbone": "tiny", "weights": "random"}
TRAINED = {"embedding_size": 4, "optimizer": "adam", "learning_rate": 1e-3}


@pytest.fixture(autouse=True)
def usual_settings():
    yield
    backend.set_image_data_format("channels_last")
    backend.set_floatx("float32")
    backend.set_epsilon(1e-7)
    mixed_precision.set_global_policy("float32")


@pytest.fixture
def other_settings():
    """As a keras.json may have them."""
    backend.set_image_data_format("channels_first")
    backend.set_floatx("float64")
    backend.set_epsilon(1e-3)


def settings_now():
    policy = mixed_precision.global_policy().name
    return backend.image_data_format(), backend.floatx(), backend.epsilon(), policy


@pytest.mark.parametrize("name", ["tiny", "vgg16"])
def test_a_backbone_is_built_the_same_whatever_keras_json_says(name, other_settings):
    backbone = build_backbone(name, (32, 32, 3), "random")
    assert {each.numpy().dtype for each in backbone.weights} == {np.dtype("float32")}
    with keras_settings():
        features = backbone(np.zeros((2, 32, 32, 3), np.float32))
    assert features.shape == (2, backbone.output_shape[-1])


def test_the_user_s_settings_are_back_afterwards(other_settings):
    with pytest.raises(KeyError), keras_settings():
        assert settings_now()[:3] == ("channels_last", "float32", 1e-7)
        raise KeyError
    assert settings_now()[:3] == ("channels_first", "float64", 1e-3)


def networks(precision):
    """One of each kind, by the function that builds it."""
    objective = get_objective("arcface")
    head = {**SIZES, "precision": precision}
    yield build_head_network(**head)
    yield build_embedding_network(objective=objective, **TRAINED, **head)
    yield build_network(objective=objective, dropout=0.1, **TRAINED, **head)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float64", "float16"])
def test_a_policy_of_the_user_s_is_in_no_network_and_back_afterwards(policy):
    mixed_precision.set_global_policy(policy)
    for network in networks("float32"):
        models = (network.trainer, network.embedder, network.trained.trainer)
        for layer in (each for model in models for each in model.layers):
            assert layer.compute_dtype in ("float32", "uint8"), layer.name
        optimizer = getattr(network.trained.trainer, "optimizer", None)
        assert not hasattr(optimizer, "inner_optimizer")
        assert mixed_precision.global_policy().name == policy


def test_a_format_of_the_user_s_is_the_default_of_his_layers_afterwards():
    mixed_precision.set_global_policy(None if keras.__version__.startswith("2.") else "float64")
    backend.set_floatx("float64")
    for _ in networks(SOME_MIXED):
        layer = tf.keras.layers.Dense(2)
        layer.build((None, 3))
        assert layer.compute_dtype == layer.weights[0].dtype == "float64"
    if keras.__version__.startswith("2."):  # There layers follow the format until a policy is set.
        backend.set_floatx("float16")
        assert tf.keras.layers.Dense(2).compute_dtype == "float16"


def test_threads_that_build_at_once_leave_the_user_s_settings(other_settings):
    before, found = settings_now(), []

    def build(precision):
        for network in networks(precision):
            formats = {each.compute_dtype for each in network.backbone.layers}
            found.append((precision, formats))

    threads = [threading.Thread(target=build, args=(each,)) for each in ("float32", SOME_MIXED) * 2]
    [each.start() for each in threads]
    [each.join() for each in threads]
    expected = {"float32": {"float32"}, SOME_MIXED: {SOME_MIXED.removeprefix("mixed_")}}
    assert len(found) == 12
    for precision, formats in found:
        assert formats == expected[precision]
    assert settings_now() == before


@pytest.mark.skipif(not hasattr(keras, "config"), reason="Keras 2 has no such limit")
@pytest.mark.parametrize("name", ["max_epochs", "max_steps_per_epoch"])
def test_a_limit_on_all_trainings_is_refused(name, monkeypatch):
    monkeypatch.setattr(keras.config, name, lambda: 1)
    with pytest.raises(InputError, match=f"{name} is 1.: unset it with keras.config.set_{name}"):
        SelfLearningClassifier(backbone="tiny", weights="random").fit(None, None)


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


@pytest.mark.parametrize("full", [MemoryError(), tf.errors.ResourceExhaustedError(None, None, "")])
def test_a_full_memory_is_called_neither_a_download_nor_damage(tmp_path, monkeypatch, full):
    def fails(*arguments, **options):
        raise full

    model = build_backbone("tiny", (32, 32, 3), "random")
    model.save_weights(tmp_path / "a.weights.h5")
    own_model().save(tmp_path / "a.h5")
    monkeypatch.setattr(imagenet_weights, "application", fails)
    monkeypatch.setattr(tf.keras.Model, "load_weights", fails)
    for build in (
        lambda: imagenet_weights.with_imagenet_weights("vgg16", (32, 32, 3)),
        lambda: load_weights(model, tmp_path / "a.weights.h5", "tiny"),
        lambda: build_backbone(str(tmp_path / "a.h5"), (32, 32, 3), "own"),
    ):
        with pytest.raises(type(full)):
            build()
