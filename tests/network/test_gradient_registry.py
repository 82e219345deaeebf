"""Gradients of traced functions, which TensorFlow would keep."""

from __future__ import annotations

import pytest
import tensorflow as tf
from tensorflow.python.framework import ops

from keras_selflearn.network.gradient_registry import traced_gradients_forgotten


def registered():
    return {name for name in ops.gradient_registry._registry if name.startswith("CustomGradient-")}


@tf.custom_gradient
def thrice(x):
    return 3 * x, lambda upstream: 7 * upstream


def slope():
    """The gradient of a function that is traced anew."""
    x = tf.Variable(2.0)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            y = thrice(x)
        return tape.gradient(y, x)

    return float(step())


def test_gradients_that_were_traced_in_a_block_are_forgotten():
    assert slope() == 7
    before = registered()
    with traced_gradients_forgotten():
        assert slope() == 7
        assert registered() > before
        with traced_gradients_forgotten():
            assert slope() == 7
        assert len(registered() - before) == 2  # the inner block does not end the outer one
    assert registered() == before
    assert slope() == 7 and registered() > before


def test_they_are_forgotten_after_an_error():
    before = registered()
    with pytest.raises(RuntimeError, match="stop"), traced_gradients_forgotten():
        slope()
        raise RuntimeError("stop")
    assert registered() == before


def test_tensorflow_keeps_them_where_they_are_looked_for():
    """A version that keeps them elsewhere would fill the memory again."""
    before = registered()
    slope()
    assert len(registered() - before) == 1
