"""From a backbone's features to an embedding, without training the backbone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from keras_selflearn.labelling.similarity_graph import unit_rows

# So many rows of a memory map fit into memory.
BLOCK = 8192


@dataclass(frozen=True)
class FeatureEmbedding:
    """Each feature is standardised, and then the vector gets the Euclidean length 1.

    Attributes
    ----------
    scale : (d,) float32
        1 over the standard deviation of each feature; 0 for one that never changes.
    shift : (d,) float32
        Minus the mean of each feature, times its scale.
    """

    scale: np.ndarray
    shift: np.ndarray

    @classmethod
    def fit(cls, features: np.ndarray) -> FeatureEmbedding:
        """Learn from the features (n, d) of the training images, labelled or not."""
        n, d = features.shape
        mean, variance = np.zeros(d), np.zeros(d)
        for block in _blocks(features):
            mean += block.sum(axis=0, dtype=np.float64) / n
        for block in _blocks(features):
            variance += np.square(block - mean).sum(axis=0) / n
        deviation = np.sqrt(variance)
        # Rounding leaves a little deviation where a feature is the same for all images.
        varies = deviation > 1e-6 * np.abs(mean)
        scale = np.divide(1, deviation, out=np.zeros(d), where=varies)
        return cls(scale.astype(np.float32), (-mean * scale).astype(np.float32))

    def embed(self, features: np.ndarray) -> np.ndarray:
        """Return the embeddings (k, d) float32 of features (k, d), in memory."""
        embeddings = np.empty(features.shape, np.float32)
        for start in range(0, len(features), BLOCK):
            part = slice(start, start + BLOCK)
            embeddings[part] = unit_rows(features[part] * self.scale + self.shift)
        return embeddings


def _blocks(features: np.ndarray) -> list[np.ndarray]:
    """Parts of a memory map."""
    return [features[start : start + BLOCK] for start in range(0, len(features), BLOCK)]
