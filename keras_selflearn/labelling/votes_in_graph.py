"""Votes of the most similar labelled images, in TensorFlow, for an exported classifier."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from keras_selflearn.labelling.labeller import Graph


def votes_graph(
    reference: np.ndarray,
    labels: np.ndarray,
    *,
    k: int,
    exponent: float,
    n_classes: int,
    background: float,
) -> Graph:
    """Make the graph of a `GraphLabeller` without a head.

    Parameters
    ----------
    reference : (m, d) float32
        Rows of length 1.
    labels : (m,) integers
    k : int
        How many vote, at most m.
    exponent : float
        A vote weighs max(0, cosine) ** exponent.
    n_classes : int
    background : float
        What each image gets in all, shared out evenly; see `row_shares`.
    """
    rows = tf.Variable(reference, trainable=False, dtype=tf.float32)
    classes = tf.Variable(labels, trainable=False, dtype=tf.int64)

    def label(embeddings: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        cosines = tf.matmul(tf.math.l2_normalize(embeddings, axis=1), rows, transpose_b=True)
        similarities, voters = tf.math.top_k(cosines, k)
        weights = tf.maximum(similarities, 0.0) ** exponent
        votes = tf.one_hot(tf.gather(classes, voters), n_classes)
        masses = tf.reduce_sum(weights[:, :, None] * votes, axis=1)
        masses += background / n_classes
        shares = masses / tf.reduce_sum(masses, axis=1, keepdims=True)
        return tf.argmax(shares, axis=1), shares, tf.reduce_max(shares, axis=1)

    return Graph(label, (rows, classes))
