"""The nearest labelled images and their vote as a TensorFlow graph, for an exported classifier."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from keras_selflearn.labelling.labeller import Graph

# Rows of the reference in one chunk: their distances take less memory than the network's layers.
_CHUNK = 1024
# Candidates of a chunk beyond the k that vote: the exact distance is computed for all of them.
_CANDIDATES = 16


def nearest_neighbour_graph(
    reference: np.ndarray, labels: np.ndarray, *, k: int, n_classes: int, portable: bool = False
) -> Graph:
    """What `NearestNeighbourLabeller` does, with tensors.

    Parameters
    ----------
    reference : (m, d) float32
    labels : (m,) integers from 0 to n_classes - 1
    k : int
        At most m.
    n_classes : int
    portable : bool
        Whether `portable_nearest_in_graph` finds them.
    """
    search = portable_nearest_in_graph if portable else nearest_in_graph
    variables = (
        tf.Variable(reference, trainable=False, dtype=tf.float32),
        tf.Variable(labels, trainable=False, dtype=tf.int64),
    )

    def label(embeddings: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        squares, votes = search(embeddings, *variables, k)
        counts = tf.reduce_sum(tf.cast(votes[:, :, None] == votes[:, None, :], tf.int32), axis=2)
        # The first of equals, which is the nearest: argmax does not promise that.
        winner = tf.math.top_k(counts, 1).indices
        winning = tf.gather(votes, winner, batch_dims=1)[:, 0]
        confidence = -tf.sqrt(tf.gather(squares, winner, batch_dims=1)[:, 0])
        probabilities = tf.reduce_mean(tf.one_hot(votes, n_classes, dtype=tf.float32), axis=1)
        return winning, probabilities, tf.cast(confidence, tf.float32)

    return Graph(label, variables)


def nearest_in_graph(
    embeddings: tf.Tensor, reference: tf.Tensor, labels: tf.Tensor, k: int
) -> tuple[tf.Tensor, tf.Tensor]:
    """Squared distances and labels (n, k) of the nearest; equals in the order of the reference.

    A matrix product in float64 finds candidates in each chunk of the reference. The sum of the
    squared differences then decides, so that equal rows of the reference have equal distances.

    Parameters
    ----------
    embeddings : (n, d) float32
    reference : (m, d) float32
    labels : (m,) int64
    k : int
        At most m.
    """
    embeddings = tf.cast(embeddings, tf.float64)
    number = tf.shape(embeddings)[0]

    def look_at(
        start: tf.Tensor, squares: tf.Tensor, votes: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        part = tf.cast(reference[start : start + _CHUNK], tf.float64)
        part_labels = labels[start : start + _CHUNK]
        sizes = tf.reduce_sum(tf.square(part), axis=1)
        products = 2 * tf.matmul(embeddings, part, transpose_b=True) - sizes
        # Sorted by place, because rounding errors decide the order of the products.
        found = tf.math.top_k(products, tf.minimum(k + _CANDIDATES, tf.shape(part)[0])).indices
        found = tf.sort(found, axis=1)
        differences = embeddings[:, None, :] - tf.gather(part, found)
        squares = tf.concat([squares, tf.reduce_sum(tf.square(differences), axis=2)], axis=1)
        votes = tf.concat([votes, tf.gather(part_labels, found)], axis=1)
        order = tf.argsort(squares, axis=1, stable=True)[:, :k]
        return (
            start + _CHUNK,
            tf.ensure_shape(tf.gather(squares, order, batch_dims=1), (None, k)),
            tf.ensure_shape(tf.gather(votes, order, batch_dims=1), (None, k)),
        )

    start = tf.constant(0)
    squares = tf.fill((number, k), tf.constant(float("inf"), tf.float64))
    votes = tf.zeros((number, k), tf.int64)
    shapes = (start.shape, tf.TensorShape((None, k)), tf.TensorShape((None, k)))
    _, squares, votes = tf.while_loop(
        lambda start, *_: start < tf.shape(reference)[0],
        look_at,
        (start, squares, votes),
        shape_invariants=shapes,
    )
    return squares, votes


def portable_nearest_in_graph(
    embeddings: tf.Tensor, reference: tf.Tensor, labels: tf.Tensor, k: int
) -> tuple[tf.Tensor, tf.Tensor]:
    """Find what `nearest_in_graph` finds, in float32 and without a loop; parameters as there.

    Equal rows of the reference have equal distances here, too. Distances that differ by a rounding
    of float32 alone may change places.
    """
    products = 2 * tf.matmul(embeddings, reference, transpose_b=True)
    products -= tf.reduce_sum(tf.square(reference), axis=1)
    candidates = min(k + _CANDIDATES, reference.shape[0])
    found = tf.math.top_k(products, candidates).indices
    # Sorted by place. Not every runtime can sort, but each knows the largest.
    found = -tf.math.top_k(-found, candidates).values
    differences = embeddings[:, None, :] - tf.gather(reference, found)
    least, order = tf.math.top_k(-tf.reduce_sum(tf.square(differences), axis=2), k)
    return -least, tf.gather(tf.gather(labels, found), order, batch_dims=1)
