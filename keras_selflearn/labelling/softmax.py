"""Label by arg-max of the softmax; its probability is the confidence (section 4)."""

from __future__ import annotations

import numpy as np
from scipy.special import softmax


class SoftmaxLabeller:
    """The classification head, applied to embeddings in NumPy.

    Parameters
    ----------
    kernel : (d, n_classes) float32
    bias : (n_classes,) float32
    """

    def __init__(self, kernel: np.ndarray, bias: np.ndarray):
        self.kernel = kernel
        self.bias = bias

    def label(self, embeddings: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The most probable class of each of the (n, d) embeddings, its probability, and -1."""
        probabilities = self.probabilities(embeddings)
        confidence = probabilities.max(axis=1).astype(np.float64)
        return probabilities.argmax(axis=1), confidence, np.full(len(embeddings), -1)

    def probabilities(self, embeddings: np.ndarray) -> np.ndarray:
        """(n, n_classes) float32 of (n, d) embeddings: equation (1) of section 3.1."""
        return softmax(embeddings @ self.kernel + self.bias, axis=1)
