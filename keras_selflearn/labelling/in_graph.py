"""The labellers as TensorFlow graphs, for an exported classifier."""

from __future__ import annotations

from typing import Callable

import tensorflow as tf

from keras_selflearn.console.errors import InputError
from keras_selflearn.labelling import Labeller
from keras_selflearn.labelling.nearest_neighbour import NearestNeighbourLabeller
from keras_selflearn.labelling.softmax import SoftmaxLabeller

# Of the reference, compared at a time: distances then take less memory than the network's layers.
_CHUNK = 1024
# In each chunk so many more than the neighbours that vote are looked at again without rounding.
_CANDIDATES = 16

Labels = tuple[tf.Tensor, tf.Tensor, tf.Tensor]


def labeller_in_graph(
    labeller: Labeller,
) -> tuple[Callable[[tf.Tensor], Labels], dict[str, tf.Variable]]:
    """What `labeller` does, of tensors.

    Returns
    -------
    label : callable
        From embeddings (n, d) float32 to labels (n,) int64, probabilities (n, n_classes) float32
        and confidences (n,) float32.
    variables : dict
        That it uses.

    Raises
    ------
    InputError
        For a labeller that the package does not have.
    """
    if type(labeller) is SoftmaxLabeller:
        return _softmax(labeller)
    if type(labeller) is NearestNeighbourLabeller:
        return _nearest_neighbour(labeller)
    raise InputError(
        f"Labels are given by a {type(labeller).__name__} of your own, which can't be exported:"
        " only the softmax and the nearest neighbours can."
    )


def _softmax(labeller: SoftmaxLabeller):
    variables = {
        "kernel": _constant(labeller.kernel, tf.float32),
        "bias": _constant(labeller.bias, tf.float32),
    }

    def label(embeddings: tf.Tensor) -> Labels:
        logits = tf.matmul(embeddings, variables["kernel"]) + variables["bias"]
        probabilities = tf.nn.softmax(logits)
        most, first = tf.math.top_k(probabilities, 1)
        return tf.cast(first[:, 0], tf.int64), probabilities, most[:, 0]

    return label, variables


def _nearest_neighbour(labeller: NearestNeighbourLabeller):
    variables = {
        "reference": _constant(labeller.reference, tf.float32),
        "reference_labels": _constant(labeller.labels, tf.int64),
    }
    k, n_classes = labeller.n_neighbors, labeller.n_classes

    def label(embeddings: tf.Tensor) -> Labels:
        squares, votes = nearest_in_graph(embeddings, *variables.values(), k)
        counts = tf.reduce_sum(tf.cast(votes[:, :, None] == votes[:, None, :], tf.int32), axis=2)
        # Of equals the first, which is the nearest: argmax does not promise that.
        winner = tf.math.top_k(counts, 1).indices
        labels = tf.gather(votes, winner, batch_dims=1)[:, 0]
        confidence = -tf.sqrt(tf.gather(squares, winner, batch_dims=1)[:, 0])
        probabilities = tf.reduce_mean(tf.one_hot(votes, n_classes, dtype=tf.float32), axis=1)
        return labels, probabilities, tf.cast(confidence, tf.float32)

    return label, variables


def nearest_in_graph(
    embeddings: tf.Tensor, reference: tf.Tensor, labels: tf.Tensor, k: int
) -> tuple[tf.Tensor, tf.Tensor]:
    """Squared distances and labels (n, k) of the nearest; equals in the order of the reference.

    A product in float64 finds candidates in one chunk of the reference after the other; what
    decides is the sum of the squared differences, which is the same for the same reference.

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

    def look_at(start: tf.Tensor, squares: tf.Tensor, votes: tf.Tensor):
        part = tf.cast(reference[start : start + _CHUNK], tf.float64)
        part_labels = labels[start : start + _CHUNK]
        sizes = tf.reduce_sum(tf.square(part), axis=1)
        products = 2 * tf.matmul(embeddings, part, transpose_b=True) - sizes
        # In the order of the reference, not of a product that rounding decides.
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


def _constant(values, dtype: tf.DType) -> tf.Variable:
    # A variable that never changes: a graph's own constants may not exceed 2 GB.
    return tf.Variable(values, trainable=False, dtype=dtype)
