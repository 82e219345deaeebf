"""The vote of several labellers in TensorFlow, for an exported classifier."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from keras_selflearn.labelling.labeller import Graph


def of_columns(voter: Graph, columns: slice) -> Graph:
    """A voter that sees these columns of the embeddings alone."""
    return Graph(lambda embeddings: voter.label(embeddings[:, columns]), voter.variables)


def vote_graph(voters: Sequence[Graph]) -> Graph:
    """What `VoteLabeller` does with new embeddings, with tensors."""

    def label(embeddings: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        labels, probabilities, _ = zip(*(voter.label(embeddings) for voter in voters))
        n_classes = tf.shape(probabilities[0])[1]
        shares = tf.add_n([tf.one_hot(each, n_classes) for each in labels]) / len(voters)
        means = tf.add_n(probabilities) / len(voters)
        # The first of equals, as in NumPy: argmax does not promise that.
        winner = tf.math.top_k(shares + means / (2 * len(voters)), 1).indices
        confidence = tf.gather(shares, winner, batch_dims=1)[:, 0]
        return tf.cast(winner[:, 0], tf.int64), shares, confidence

    return Graph(label, tuple(each for voter in voters for each in voter.variables))
