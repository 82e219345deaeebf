"""Label by the largest probability of the softmax, which is the confidence (section 4)."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import softmax

from keras_selflearn.labelling.labeller import Graph, Labeller, Labels


class SoftmaxLabeller(Labeller):
    """The linear classification head and a softmax, applied to embeddings in NumPy.

    Attributes
    ----------
    kernel : (d, n_classes) float32
    bias : (n_classes,) float32
        The weights that the head had when `fit` was called.
    """

    name = "softmax"
    needs_reference = False
    needs_logits = True
    uses = frozenset()
    explanation = "An image got the label that was most probable."

    def fit(
        self, reference: np.ndarray, labels: np.ndarray, unlabelled: np.ndarray | None = None
    ) -> SoftmaxLabeller:
        """Take the weights of the head."""
        super().fit(reference, labels)
        self.kernel, self.bias = self.setting.head.get_weights()
        return self

    def label(self, embeddings: np.ndarray) -> Labels:
        """Give the most probable class and its probability; there is no nearest image."""
        probabilities = self.probabilities(embeddings)
        confidence = probabilities.max(axis=1).astype(np.float64)
        return Labels(probabilities.argmax(axis=1), confidence, np.full(len(embeddings), -1))

    def probabilities(self, embeddings: np.ndarray) -> np.ndarray:
        """Give equation (1) of section 3.1, (n, n_classes) float32."""
        return softmax(embeddings @ self.kernel + self.bias, axis=1)

    def in_graph(self) -> Graph:
        """The head and the softmax in TensorFlow."""
        if type(self) is not SoftmaxLabeller:
            return super().in_graph()  # a class that inherits from this one may label otherwise
        import tensorflow as tf

        kernel, bias = (
            tf.Variable(each, trainable=False, dtype=tf.float32)
            for each in (self.kernel, self.bias)
        )

        def label(embeddings: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
            probabilities = tf.nn.softmax(tf.matmul(embeddings, kernel) + bias)
            most, first = tf.math.top_k(probabilities, 1)
            return tf.cast(first[:, 0], tf.int64), probabilities, most[:, 0]

        return Graph(label, (kernel, bias))

    def in_keras(self, layers: Any) -> Any:
        """The head and the softmax as layers of Keras."""
        if type(self) is not SoftmaxLabeller:
            return super().in_keras(layers)
        return layers.softmax(self.kernel, self.bias)
