from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from keras_selflearn.network.averaging import WeightAverage

MOMENTUM = 0.9


def naive_mean(snapshots):
    """Of the weights after each tenth step, by its definition, in float64."""
    shares = [MOMENTUM ** (10 * (len(snapshots) - i)) for i in range(1, len(snapshots) + 1)]
    return sum(s * w.astype(np.float64) for s, w in zip(shares, snapshots)) / sum(shares)


@pytest.mark.parametrize("n_steps", [1, 9, 10, 11, 20, 47])
def test_it_is_the_mean_of_the_weights_after_each_tenth_step_and_the_last(n_steps):
    history = np.random.default_rng(0).normal(size=(n_steps + 1, 3, 2)).astype(np.float32)
    weight = tf.Variable(history[0] * 1000)  # where it starts from has no share
    average = WeightAverage([weight])
    for step in range(1, n_steps + 1):
        weight.assign(history[step])
        average.after_step(step, MOMENTUM)
        np.testing.assert_array_equal(weight, history[step])
    average.take_over(n_steps, MOMENTUM)
    included = sorted({*range(10, n_steps + 1, 10), n_steps})
    np.testing.assert_allclose(weight, naive_mean(history[included]), atol=1e-6)
    if n_steps <= 10:
        np.testing.assert_array_equal(weight, history[n_steps])


def test_another_training_begins_anew():
    weight = tf.Variable([1.0])
    average = WeightAverage([weight])
    for value in (3.0, 8.0):
        weight.assign([value])
        average.after_step(10, MOMENTUM)
        average.take_over(10, MOMENTUM)
        assert weight.numpy() == [value]


def test_the_greatest_momentum_is_the_plain_mean():
    weight = tf.Variable([0.0])
    average = WeightAverage([weight])
    for step in (10, 20, 30):
        weight.assign([float(step)])
        average.after_step(step, np.nextafter(1, 0))
    average.take_over(30, np.nextafter(1, 0))
    np.testing.assert_allclose(weight, [20], rtol=0.1)  # all that float64 has left of 1 - momentum


def test_of_16_bit_training_it_is_the_float32_variables():
    layers = tf.keras.layers
    with_policy = layers.Dense(2, dtype="mixed_bfloat16")
    model = tf.keras.Sequential([tf.keras.Input((3,)), with_policy])
    average = WeightAverage(model.trainable_variables)
    kernel = np.full((3, 2), 1 + 2.0**-20, np.float32)  # 1 in bfloat16
    model.set_weights([kernel, np.zeros(2)])
    average.after_step(10, MOMENTUM)
    average.take_over(10, MOMENTUM)
    assert average.variables[0].dtype == tf.float32
    np.testing.assert_array_equal(model.get_weights()[0], kernel)
