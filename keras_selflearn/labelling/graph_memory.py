"""Keeps the last graph, because the rounds of self-learning on fixed embeddings share it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scipy import sparse


class GraphMemory:
    """Makes graphs, and gives the last one again where the embeddings are the same."""

    def __init__(self) -> None:
        self._key: tuple[object, ...] | None = None
        self._graph: sparse.csr_matrix | None = None

    def graph(
        self, embeddings: np.ndarray, *, dimensions: int, n_neighbors: int, exponent: float
    ) -> sparse.csr_matrix:
        """Return the graph of these embeddings (n, d) float32; see `similarity_graph`."""
        from keras_selflearn.labelling.similarity_graph import similarity_graph

        digest = hashlib.sha256(np.ascontiguousarray(embeddings).data).hexdigest()
        key = (digest, embeddings.shape, dimensions, n_neighbors, exponent)
        if key != self._key or self._graph is None:
            self._key, self._graph = None, None  # the old one must not take memory beside the new
            self._graph = similarity_graph(
                embeddings, dimensions=dimensions, n_neighbors=n_neighbors, exponent=exponent
            )
            self._key = key
        return self._graph
