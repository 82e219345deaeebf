"""Networks of ours in plain Keras: saved, loaded and cloned with all layers and losses."""

from __future__ import annotations

import importlib
import pkgutil

import numpy as np
import pytest
import tensorflow as tf
from own_models import own_model

import keras_selflearn
from keras_selflearn.losses import Combined, CrossEntropy, Triplet, get_objective, loss_names
from keras_selflearn.network import data_parallel
from keras_selflearn.network.head_network import build_head_network
from keras_selflearn.network.hub_encoder import HubEncoder
from keras_selflearn.network.linear_embedding import build_embedding_network
from keras_selflearn.network.model import build_network

IMAGES = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), np.uint8)
SIZES = {"image_shape": (32, 32, 3), "n_classes": 3, "weights": "random", "precision": "float32"}
TRAINED = {"embedding_size": 4, "optimizer": "adam", "learning_rate": 1e-3}


def of_all_parts(backbone="tiny", **changes):
    objective = get_objective(changes.pop("loss", "arcface"))
    options = {**SIZES, **TRAINED, "dropout": 0.2, "objective": objective, "backbone": backbone}
    return build_network(**{**options, **changes})


def with_embedding(**options):
    return build_embedding_network(objective=get_objective("triplet"), **TRAINED, **options)


def with_statistics():
    layers = tf.keras.layers
    return tf.keras.Sequential(
        [
            tf.keras.Input((32, 32, 3)),
            layers.Normalization(mean=[120.0, 110.0, 100.0], variance=[60.0, 50.0, 40.0]),
            layers.Conv2D(4, 3),
            layers.GlobalAveragePooling2D(),
        ]
    )


NETWORKS = {
    "tiny": lambda: of_all_parts(image_size=40),
    "a sum of losses": lambda: of_all_parts(loss="triplet+cross-entropy+arcface"),
    "another network of Keras": lambda: of_all_parts("mobilenet"),
    "statistics of pixels": lambda: of_all_parts(with_statistics(), weights="own"),
    "blue first": lambda: of_all_parts(preprocessing="caffe"),
    "grey": lambda: of_all_parts(image_shape=(32, 32, 1)),
    "an own model": lambda: of_all_parts(own_model(), weights="own"),
    "16 bits": lambda: of_all_parts(precision="mixed_float16"),
    "a head": lambda: build_head_network(backbone="tiny", mirror=True, **SIZES),
    "several": lambda: build_head_network(backbone=["tiny", own_model()], **SIZES),
    "linear": lambda: with_embedding(backbone="tiny", **SIZES),
}


def ours(kind):
    """All classes of the package of a kind of Keras."""
    for module in pkgutil.walk_packages(keras_selflearn.__path__, "keras_selflearn."):
        if module.name.split(".")[1] in ("network", "losses"):
            importlib.import_module(module.name)
    found, left = set(), [kind]
    while left:
        left += (below := left.pop().__subclasses__())
        found.update(each for each in below if each.__module__.startswith("keras_selflearn."))
    return found


def test_every_layer_and_loss_is_registered():
    # These two train on several devices, and what they train is saved from one.
    several = {data_parallel.DataParallelModel, data_parallel.WholeBatchLoss}
    found = (ours(tf.keras.layers.Layer) | ours(tf.keras.losses.Loss)) - several
    assert len(found) > 10 and HubEncoder in found
    for each in found:
        assert tf.keras.utils.get_registered_name(each) == f"keras_selflearn>{each.__name__}"
        assert tf.keras.utils.get_registered_object(f"keras_selflearn>{each.__name__}") is each


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_goes_to_a_file_of_keras_and_back(name, suffix, tmp_path):
    network = NETWORKS[name]()
    images = IMAGES[..., : network.embedder.input_shape[-1]]
    for which in ("embedder", "trainer"):
        model = getattr(network, which)
        expected = model(images, training=False).numpy()
        model.save(tmp_path / f"{which}{suffix}")
        loaded = tf.keras.models.load_model(tmp_path / f"{which}{suffix}")
        within = {"rtol": 1e-4, "atol": 1e-5}
        np.testing.assert_allclose(loaded(images, training=False), expected, **within)
        copy = tf.keras.models.clone_model(model)
        copy.set_weights(model.get_weights())
        assert copy(images, training=False).shape == expected.shape


@pytest.mark.slow
@pytest.mark.parametrize("loss", loss_names())
def test_a_saved_network_can_be_trained_on(loss, tmp_path):
    trainer = of_all_parts(loss=loss, dropout=0.0).trainer
    labels = np.array([0, 0, 1, 2])
    expected = trainer.evaluate(IMAGES, labels, verbose=0)
    trainer.save(tmp_path / "trainer.keras")
    loaded = tf.keras.models.load_model(tmp_path / "trainer.keras")
    assert type(loaded.loss) is type(trainer.loss)
    assert loaded.evaluate(IMAGES, labels, verbose=0) == pytest.approx(expected, rel=1e-4)
    loaded.fit(IMAGES, labels, verbose=0)


def test_a_sum_of_losses_keeps_its_parameters():
    objective = Combined((Triplet(margin=0.3), CrossEntropy(label_smoothing=0.1)), (1.0, 0.5))
    subject = objective.loss_of_classes(3)
    again = type(subject).from_config(subject.get_config())
    outputs = np.random.default_rng(0).normal(size=(6, 4 + 3)).astype(np.float32)
    labels = np.array([0, 0, 1, 1, 2, 2])
    np.testing.assert_array_equal(again(labels, outputs), subject(labels, outputs))
    assert again.get_config() == subject.get_config()


@pytest.mark.parametrize("loss", loss_names())
def test_a_loss_keeps_its_parameters(loss):
    parameters = {"cross-entropy": {"label_smoothing": 0.1}, "arcface": {"scale": 20.0}}
    parameters.update(triplet={"margin": 0.3, "distance": "squared"}, contrastive={"power": 2})
    subject = get_objective(loss, **parameters[loss]).loss()
    again = type(subject).from_config(subject.get_config())
    outputs = tf.math.l2_normalize(np.random.default_rng(0).normal(size=(6, 3)), axis=1)
    labels = np.array([0, 0, 1, 1, 2, 2])
    np.testing.assert_array_equal(again(labels, outputs), subject(labels, outputs))
    assert again.get_config() == subject.get_config()
