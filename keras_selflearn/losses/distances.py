"""Distances between all pairs of a batch, the ground of the pair and triplet losses."""

from __future__ import annotations

import tensorflow as tf


def squared_distances(embeddings: tf.Tensor) -> tf.Tensor:
    """Squared Euclidean distance of every two embeddings.

    Parameters
    ----------
    embeddings : (n, d) floats
        Computed in float32 whatever their dtype: in 16 bits the difference below loses all digits.

    Returns
    -------
    (n, n) float32
        At least 0, and exactly 0 on the diagonal; the gradient is 0 there, too.
    """
    embeddings = tf.cast(embeddings, tf.float32)
    squared_norms = tf.reduce_sum(tf.square(embeddings), axis=1)
    dot_products = tf.matmul(embeddings, embeddings, transpose_b=True)
    squared = squared_norms[:, None] + squared_norms[None, :] - 2.0 * dot_products
    # Rounding leaves small values, also negative ones, on the diagonal.
    return tf.maximum(tf.linalg.set_diag(squared, tf.zeros_like(squared_norms)), 0.0)


def pairwise_distances(embeddings: tf.Tensor) -> tf.Tensor:
    """Euclidean distance of every two embeddings.

    Parameters
    ----------
    embeddings : (n, d) floats
        Computed in float32 whatever their dtype.

    Returns
    -------
    (n, n) float32
        Exactly 0 on the diagonal, and where two embeddings are equal to rounding; the gradient is
        0 there, too.
    """
    squared = squared_distances(embeddings)
    is_zero = squared == 0.0
    # The slope of the root is infinite at 0, and infinity times the 0 of `where` is NaN: the root
    # must never see a 0.
    return tf.where(is_zero, 0.0, tf.sqrt(tf.where(is_zero, 1.0, squared)))


def same_class(labels: tf.Tensor) -> tf.Tensor:
    """(n, n) bool: whether two examples of the batch carry the same label, itself included."""
    labels = tf.reshape(labels, [-1])
    return labels[:, None] == labels[None, :]
