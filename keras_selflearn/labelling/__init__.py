"""From embeddings to labels and how sure they are (section 4), one way a file."""

from __future__ import annotations

from typing import Protocol

import numpy as np


class Labeller(Protocol):
    """A trained network's way to label embeddings."""

    def label(self, embeddings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Labels (n,) int64 and confidences (n,) float64, larger is surer."""

    def probabilities(self, embeddings: np.ndarray) -> np.ndarray:
        """(n, n_classes) float32, each row adds up to 1."""
