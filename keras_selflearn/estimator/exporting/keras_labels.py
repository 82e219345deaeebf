"""Labellers as layers and operations of Keras itself.

Arrays are weights of layers, because a Keras file keeps constants as text. Each function gives one
from symbolic embeddings (n, d) float32 to labels (n,), probabilities (n, n_classes) and confidence
(n,), which `Labeller.in_keras` asks for by name.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable

import numpy as np
import tensorflow as tf

from keras_selflearn.estimator.exporting import keras_operations as ops

Label = Callable[[Any], tuple[Any, Any, Any]]
# Candidates beyond the k that vote, as in `nearest_in_graph`.
_CANDIDATES = 16


def softmax(kernel: np.ndarray, bias: np.ndarray) -> Label:
    """Do what `SoftmaxLabeller` does, with a head's kernel (d, n_classes) and bias."""

    def label(embeddings: Any) -> tuple[Any, Any, Any]:
        logits = _product(kernel, bias)(embeddings)
        return _by_largest(tf.keras.layers.Softmax(dtype="float32")(logits))

    return label


def nearest(reference: np.ndarray, labels: np.ndarray, *, k: int, n_classes: int) -> Label:
    """Do what `NearestNeighbourLabeller` does; parameters as `nearest_neighbour_graph`."""
    candidates = min(k + _CANDIDATES, len(reference))
    sizes = np.square(reference).sum(axis=1)

    def label(embeddings: Any) -> tuple[Any, Any, Any]:
        _, found = ops.largest(_product(2 * reference.T, -sizes)(embeddings), candidates)
        # Sorted by place, so that the first of equal rows comes first.
        found = -ops.largest(-found, candidates)[0]
        differences = _rows(reference)(found) - ops.expand_dims(embeddings, 1)
        least, order = ops.largest(-ops.total(ops.square(differences), 2), k)
        votes = _rows(_one_hot(labels, n_classes))(ops.at(found, order))
        counts = ops.total(votes, 1)
        # The votes for the class of each neighbour: the nearest of equals comes first.
        _, winner = ops.largest(ops.total(votes * ops.expand_dims(counts, 1), 2), 1)
        winning = ops.at(ops.place_of_largest(votes), winner)
        confidence = -ops.square_root(-ops.at(least, winner))
        return ops.only(winning), counts / k, ops.only(confidence)

    return label


def votes(
    reference: np.ndarray,
    labels: np.ndarray,
    *,
    k: int,
    exponent: float,
    n_classes: int,
    background: float,
) -> Label:
    """Do what a `GraphLabeller` without a head does; parameters as `votes_graph`."""

    def label(embeddings: Any) -> tuple[Any, Any, Any]:
        units = tf.keras.layers.UnitNormalization(dtype="float32")(embeddings)
        cosines = _product(reference.T, np.zeros(len(reference)))(units)
        similarities, voters = ops.largest(cosines, k)
        weights = ops.power(tf.keras.layers.ReLU(dtype="float32")(similarities), exponent)
        each = ops.expand_dims(weights, 2) * _rows(_one_hot(labels, n_classes))(voters)
        masses = ops.total(each, 1) + background / n_classes
        return _by_largest(masses / ops.expand_dims(ops.total(masses, 1), 1))

    return label


def vote(voters: Sequence[tuple[Label, slice]]) -> Label:
    """Do what `VoteLabeller` does with new embeddings; each voter sees its columns."""

    def label(embeddings: Any) -> tuple[Any, Any, Any]:
        said = [voter(embeddings[:, columns]) for voter, columns in voters]
        n_classes = said[0][1].shape[-1]
        shares = _mean([ops.one_hot(labels, n_classes) for labels, _, _ in said])
        means = _mean([probabilities for _, probabilities, _ in said])
        _, winner = ops.largest(shares + means / (2 * len(said)), 1)
        return ops.only(winner), shares, ops.only(ops.at(shares, winner))

    return label


def _by_largest(probabilities: Any) -> tuple[Any, Any, Any]:
    most, first = ops.largest(probabilities, 1)
    return ops.only(first), probabilities, ops.only(most)


def _mean(tensors: list[Any]) -> Any:
    return tf.keras.layers.Average(dtype="float32")(tensors)


def _one_hot(labels: np.ndarray, n_classes: int) -> np.ndarray:
    return np.eye(n_classes, dtype=np.float32)[labels]


def _product(kernel: np.ndarray, bias: np.ndarray) -> tf.keras.layers.Layer:
    layer = tf.keras.layers.Dense(kernel.shape[1], dtype="float32")
    layer.build((None, kernel.shape[0]))
    layer.set_weights([kernel, bias])
    return layer


def _rows(table: np.ndarray) -> tf.keras.layers.Layer:
    """A layer that gives the rows at the places that it gets."""
    # Keras would call it as the network's embedding.
    name = tf.keras.backend.get_uid("rows")
    layer = tf.keras.layers.Embedding(*table.shape, dtype="float32", name=f"rows_{name}")
    layer.build((None, None))
    layer.set_weights([table])
    return layer
