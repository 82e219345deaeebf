"""Batch normalisation that is trained with each batch's statistics, against Keras' own."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from number_formats import SOME_MIXED
from own_models import own_model

from keras_selflearn.network.batch_statistics import BatchStatistics, renewing_layers
from keras_selflearn.network.precision import precision_policy

PIXELS = np.random.default_rng(0).uniform(0, 255, (6, 16, 16, 3)).astype(np.float32)
layers = tf.keras.layers


def statistics_of(network):
    return [each.numpy() for x in renewing_layers(network) for each in x.weights[2:]]


def model_of(*parts):
    """A model of 3x3 images with these layers in a row."""
    inputs = outputs = tf.keras.Input((3, 3, 2))
    for part in parts:
        outputs = part(outputs)
    return tf.keras.Model(inputs, outputs)


def test_in_training_it_is_keras_own_batch_normalisation():
    ours, theirs = own_model(ends="vector"), own_model(ends="vector")
    subject = BatchStatistics(ours)
    with tf.GradientTape() as tape:
        found = subject(PIXELS, training=True)
        loss = tf.reduce_sum(found[:, 0])
    gradients = tape.gradient(loss, ours.trainable_variables)
    with tf.GradientTape() as tape:
        expected = theirs(PIXELS, training=True)
        loss = tf.reduce_sum(expected[:, 0])
    of_theirs = tape.gradient(loss, theirs.trainable_variables)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    for one, other in zip(gradients, of_theirs):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-3)
    for one, other in zip(statistics_of(ours), statistics_of(theirs)):
        # Keras 2 divides variances by one less: 384 places here, and 0.01 of them is new.
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-6)
    assert [each.numpy().tolist() for each in subject.moving_statistics] == [
        each.tolist() for each in statistics_of(ours)
    ]


def test_otherwise_the_moving_statistics_stay_and_are_used():
    network = own_model(ends="vector")
    subject, before = BatchStatistics(network), statistics_of(network)
    expected = own_model(ends="vector")(PIXELS, training=False)
    for training in (False, None):
        np.testing.assert_allclose(subject(PIXELS, training=training), expected, rtol=1e-5)
    for one, other in zip(statistics_of(network), before):
        np.testing.assert_array_equal(one, other)


def test_each_step_moves_them_by_the_momentum():
    network = model_of(layers.BatchNormalization(momentum=0.75))
    subject = BatchStatistics(network)
    x = np.random.default_rng(1).normal(3, 2, (5, 3, 3, 2)).astype(np.float32)
    for _ in range(2):
        subject(x, training=True)
    mean, variance = statistics_of(network)
    now = x.reshape(-1, 2)
    np.testing.assert_allclose(mean, (1 - 0.75**2) * now.mean(axis=0), rtol=1e-5)
    expected = 0.75**2 + (1 - 0.75**2) * now.var(axis=0)
    np.testing.assert_allclose(variance, expected, rtol=1e-5)


def test_nothing_else_is_called_as_in_training():
    network = model_of(layers.BatchNormalization(), layers.Dropout(0.5))
    x = np.random.default_rng(1).normal(3, 2, (5, 3, 3, 2)).astype(np.float32)
    assert (BatchStatistics(network)(x, training=True).numpy() != 0).all()


def test_frozen_layers_keep_their_statistics():
    frozen = layers.BatchNormalization(trainable=False)
    network = model_of(frozen, layers.BatchNormalization())
    x = np.full((5, 3, 3, 2), 7, np.float32)
    BatchStatistics(network)(x, training=True)
    assert len(renewing_layers(network)) == 1
    np.testing.assert_array_equal(frozen.get_weights()[2:], [[0, 0], [1, 1]])


def test_layers_in_a_model_in_the_model_are_found():
    inner = model_of(layers.Conv2D(2, 1), layers.BatchNormalization(scale=False, center=False))
    assert len(renewing_layers(model_of(inner, layers.BatchNormalization()))) == 2


def test_another_axis():
    network = model_of(layers.BatchNormalization(axis=1))
    x = np.random.default_rng(2).normal(3, 2, (4, 3, 3, 2)).astype(np.float32)
    found = BatchStatistics(network)(x, training=True)
    np.testing.assert_allclose(np.mean(found, axis=(0, 2, 3)), np.zeros(3), atol=1e-5)
    np.testing.assert_allclose(np.std(found, axis=(0, 2, 3)), np.ones(3), atol=1e-3)


@pytest.mark.parametrize("n", [0, 1])
def test_a_batch_of_one_pixel_or_none_leaves_numbers(n):
    network = model_of(layers.GlobalAveragePooling2D(keepdims=True), layers.BatchNormalization())
    subject = BatchStatistics(network)
    if n:
        assert np.isfinite(subject(np.ones((1, 3, 3, 2), np.float32), training=True)).all()
    else:
        assert subject(np.ones((0, 3, 3, 2), np.float32)).shape == (0, 1, 1, 2)
    assert all(np.isfinite(each).all() for each in statistics_of(network))


def test_statistics_are_float32_with_every_number_format():
    with precision_policy(SOME_MIXED):
        network = model_of(layers.BatchNormalization())
        x = np.random.default_rng(3).normal(300, 2, (5, 3, 3, 2)).astype(np.float32)
        found = BatchStatistics(network)(x, training=True)
    assert found.dtype == tf.keras.mixed_precision.Policy(SOME_MIXED).compute_dtype
    mean, _ = statistics_of(network)
    assert mean.dtype == np.float32
    np.testing.assert_allclose(mean, 0.01 * x.reshape(-1, 2).mean(axis=0), rtol=1e-2)
