"""From the features of several backbones to one embedding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from keras_selflearn.labelling.similarity_graph import unit_rows
from keras_selflearn.training.feature_embedding import BLOCK, FeatureEmbedding


@dataclass(frozen=True)
class JoinedEmbedding:
    """The embeddings by each backbone side by side, in a vector of the Euclidean length 1.

    Each backbone has the same say, however many features it has. The embedding of a single
    backbone stays as it is.

    Attributes
    ----------
    parts : tuple of FeatureEmbedding
        One for each backbone.
    """

    parts: tuple[FeatureEmbedding, ...]

    @classmethod
    def fit(cls, features: Sequence[np.ndarray]) -> JoinedEmbedding:
        """Learn from the features (n, d) of the training images by each backbone."""
        return cls(tuple(FeatureEmbedding.fit(each) for each in features))

    def embed(self, features: Sequence[np.ndarray]) -> np.ndarray:
        """Return the embeddings (k, sum of all d) float32 of features (k, d) by each backbone."""
        if len(self.parts) == 1:
            return self.parts[0].embed(features[0])
        n = len(features[0])
        embeddings = np.empty((n, sum(each.shape[1] for each in features)), np.float32)
        for start in range(0, n, BLOCK):
            block = slice(start, start + BLOCK)
            rows = [part.embed(each[block]) for part, each in zip(self.parts, features)]
            embeddings[block] = unit_rows(np.concatenate(rows, axis=1))
        return embeddings
