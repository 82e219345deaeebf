"""Tests of the distances within a batch."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of
from scipy.spatial.distance import cdist

from keras_selflearn.losses.distances import pairwise_distances, same_class, squared_distances


@st.composite
def repeating_batches(draw):
    """Quarters, whose squares and products are exact in float32; some rows are repeated or 0."""
    n, dim = draw(st.integers(1, 12)), draw(st.integers(2, 8))
    points = draw(arrays_of.arrays(np.int8, (n, dim), elements=st.integers(-4, 4)))
    which = draw(arrays_of.arrays(np.int64, n, elements=st.integers(0, n - 1)))
    return (points[which] / 4).astype(np.float32)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
@settings(derandomize=True, deadline=None, max_examples=40)
@given(embeddings=repeating_batches())
def test_distances_on_a_grid_are_scipys_in_every_precision(dtype, embeddings):
    distances = pairwise_distances(tf.cast(embeddings, dtype))
    assert distances.dtype == tf.float32
    expected = cdist(embeddings.astype(np.float64), embeddings.astype(np.float64))
    np.testing.assert_allclose(distances, expected, rtol=1e-6)
    squares = squared_distances(tf.cast(embeddings, dtype))
    assert squares.dtype == tf.float32
    np.testing.assert_allclose(squares, expected**2, rtol=1e-6)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(
    embeddings=st.tuples(st.integers(1, 12), st.integers(2, 8)).flatmap(
        lambda shape: arrays_of.arrays(np.float32, shape, elements=st.floats(-1, 1, width=32))
    )
)
def test_distances_are_scipys_to_float32(embeddings):
    distances = pairwise_distances(embeddings).numpy()
    expected = cdist(embeddings.astype(np.float64), embeddings.astype(np.float64))
    # The squares are sums of up to 32, right to 1e-5 in float32.
    np.testing.assert_allclose(distances**2, expected**2, atol=1e-5)
    np.testing.assert_array_equal(np.diag(distances), 0.0)
    np.testing.assert_allclose(distances, distances.T, atol=np.sqrt(1e-5))
    squares = squared_distances(embeddings).numpy()
    np.testing.assert_allclose(squares, expected**2, atol=1e-5)
    np.testing.assert_array_equal(np.diag(squares), 0.0)
    assert (squares >= 0).all()


def test_distances_of_spread_unit_vectors_are_scipys():
    embeddings = np.random.default_rng(0).normal(size=(20, 256)).astype(np.float32)
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    distances = pairwise_distances(embeddings).numpy()
    np.testing.assert_allclose(distances, cdist(embeddings, embeddings), atol=1e-6)
    np.testing.assert_allclose(distances, distances.T, atol=1e-6)


# TensorFlow's own kernels take 0 / 0 in the slope of the root for 0; XLA gives NaN.
@pytest.mark.parametrize("compiled_by_xla", [False, True])
def test_gradient_at_repeated_points_is_0(compiled_by_xla):
    among_equals = tf.constant(np.kron(np.eye(2), np.ones((3, 3)))[:5, :5], tf.float32)

    def total_and_slopes(embeddings):
        with tf.GradientTape() as tape:
            tape.watch(embeddings)
            total = tf.reduce_sum(pairwise_distances(embeddings) * among_equals)
        return total, tape.gradient(total, embeddings)

    if compiled_by_xla:
        total_and_slopes = tf.function(total_and_slopes, jit_compile=True)
    embeddings = tf.constant([[0.25, 0.5], [0.25, 0.5], [0.25, 0.5], [0.0, 0.0], [0.0, 0.0]])
    total, slopes = total_and_slopes(embeddings)
    assert total == 0.0
    np.testing.assert_array_equal(slopes, 0.0)


@settings(derandomize=True, deadline=None, max_examples=30)
@given(embeddings=repeating_batches())
def test_gradient_is_the_sum_of_unit_vectors_from_the_other_points(embeddings):
    outputs = tf.constant(embeddings)
    with tf.GradientTape() as tape:
        tape.watch(outputs)
        total = tf.reduce_sum(pairwise_distances(outputs))
    expected = np.zeros(embeddings.shape)
    for i, one in enumerate(embeddings):
        for other in embeddings:
            if (one != other).any():
                # Each distance stands twice in the matrix.
                expected[i] += 2 * (one - other) / np.linalg.norm(one - other)
    np.testing.assert_allclose(tape.gradient(total, outputs), expected, atol=1e-4)


@settings(derandomize=True, deadline=None, max_examples=30)
@given(embeddings=repeating_batches())
def test_gradient_of_squares_is_the_sum_of_differences_from_the_other_points(embeddings):
    outputs = tf.constant(embeddings)
    with tf.GradientTape() as tape:
        tape.watch(outputs)
        total = tf.reduce_sum(squared_distances(outputs))
    # Each square stands twice in the matrix.
    expected = [4 * (one - embeddings).sum(axis=0) for one in embeddings]
    np.testing.assert_allclose(tape.gradient(total, outputs), expected, atol=1e-4)


@pytest.mark.parametrize("shape", [(4,), (4, 1)])
@pytest.mark.parametrize("dtype", ["int32", "float32"])
def test_same_class_compares_labels(shape, dtype):
    labels = [2, 0, 2, 1]
    expected = [[one == other for other in labels] for one in labels]
    np.testing.assert_array_equal(same_class(np.array(labels, dtype).reshape(shape)), expected)
