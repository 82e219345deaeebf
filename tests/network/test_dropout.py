"""Masks must be a function of the seed and the step, and right in number and scale."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from keras_selflearn.losses import get_objective
from keras_selflearn.network.dropout import Dropout
from keras_selflearn.network.model import build_network

THREES = np.full((40, 50), 3, np.float32)


def draw(rate=0.25, seed=0, step=0, inputs=THREES, training=True):
    layer = Dropout(rate, seed, lambda: tf.constant(step))
    return np.array(layer(inputs, training=training))


def test_kept_features_grow_so_that_the_mean_stays():
    dropped = draw()
    np.testing.assert_allclose(np.unique(dropped), [0, 4])
    assert 0.22 < np.mean(dropped == 0) < 0.28


def test_masks_are_those_of_the_seed_and_the_step():
    np.testing.assert_array_equal(draw(seed=3, step=7), draw(seed=3, step=7))
    for other in (draw(seed=4, step=7), draw(seed=3, step=8)):
        assert 0.3 < np.mean((draw(seed=3, step=7) == 0) != (other == 0)) < 0.45


def test_examples_and_features_are_dropped_independently():
    dropped = draw(rate=0.5) == 0
    assert (dropped[0] != dropped[1]).any() and (dropped[:, 0] != dropped[:, 1]).any()


@pytest.mark.parametrize("options", [{"training": False}, {"training": None}, {"rate": 0}])
def test_nothing_is_dropped_outside_training_or_at_rate_0(options):
    np.testing.assert_array_equal(draw(**options), THREES)


def test_16_bits_stay_16_bits():
    layer = Dropout(0.5, 0, lambda: tf.constant(0), dtype="mixed_bfloat16")
    dropped = layer(tf.cast(THREES, tf.bfloat16), training=True)
    assert dropped.dtype == tf.bfloat16
    np.testing.assert_array_equal(np.unique(np.array(tf.cast(dropped, tf.float32))), [0, 6])


@pytest.mark.parametrize("precision", ["float32", "mixed_float16"])
def test_each_gradient_step_of_a_network_has_other_masks(precision):
    net = build_network(
        backbone="tiny",
        weights="random",
        image_shape=(32, 32, 3),
        n_classes=2,
        objective=get_objective("cross-entropy"),
        embedding_size=8,
        dropout=0.5,
        optimizer="sgd",
        learning_rate=1e-20,
        precision=precision,
        seed=1,
    )
    images = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), np.uint8)
    before = np.array(net.trainer(images, training=True))
    np.testing.assert_array_equal(before, np.array(net.trainer(images, training=True)))
    net.trainer.fit(images, np.array([0, 1, 0, 1]), verbose=0)
    assert (before != np.array(net.trainer(images, training=True))).any()


def test_it_goes_to_a_file_and_back(tmp_path):
    images = tf.keras.Input((50,))
    outputs = Dropout(0.25, 3, lambda: tf.constant(0), name="dropped")(images)
    tf.keras.Model(images, outputs).save(tmp_path / "model.keras")
    loaded = tf.keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(THREES, training=False), THREES)
    dropped = np.array(loaded(THREES, training=True))
    assert {*np.unique(dropped)} == {0, 4}
    assert 0.2 < np.mean(dropped == 0) < 0.3
    assert not np.array_equal(dropped, loaded(THREES, training=True))
    assert loaded.get_layer("dropped").get_config()["seed"] == 3
