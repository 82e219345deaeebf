"""Distances between all pairs of a batch, which the pair and triplet losses are made from."""

from __future__ import annotations

import tensorflow as tf


def squared_distances(embeddings: tf.Tensor) -> tf.Tensor:
    """Squared Euclidean distance of every two embeddings.

    Parameters
    ----------
    embeddings : (n, d) floats
        Computed in float32, whatever their dtype: in 16 bits the difference loses all digits.

    Returns
    -------
    (n, n) float32
        At least 0, and exactly 0 on the diagonal, where the gradient is 0, too.
    """
    embeddings = tf.cast(embeddings, tf.float32)
    squared_norms = tf.reduce_sum(tf.square(embeddings), axis=1)
    dot_products = tf.matmul(embeddings, embeddings, transpose_b=True)
    squared = squared_norms[:, None] + squared_norms[None, :] - 2.0 * dot_products
    # Rounding leaves small values on the diagonal, and some are negative.
    return tf.maximum(tf.linalg.set_diag(squared, tf.zeros_like(squared_norms)), 0.0)


def pairwise_distances(embeddings: tf.Tensor) -> tf.Tensor:
    """Euclidean distance of every two embeddings.

    Parameters
    ----------
    embeddings : (n, d) floats
        Computed in float32, whatever their dtype.

    Returns
    -------
    (n, n) float32
        Exactly 0 on the diagonal and where two embeddings are equal up to rounding. The gradient
        is 0 there, too.
    """
    squared = squared_distances(embeddings)
    is_zero = squared == 0.0
    # The slope of the root at 0 is infinite, and infinity times the 0 of `where` is NaN. So the
    # root must never see a 0.
    return tf.where(is_zero, 0.0, tf.sqrt(tf.where(is_zero, 1.0, squared)))


def same_class(labels: tf.Tensor) -> tf.Tensor:
    """Whether two examples of the batch have the same label, (n, n) bool; True on the diagonal."""
    labels = tf.reshape(labels, [-1])
    return labels[:, None] == labels[None, :]
