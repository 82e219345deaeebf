"""From embeddings to labels and how sure they are (section 4), one way a file."""

from __future__ import annotations

from typing import Protocol

import numpy as np


class Labeller(Protocol):
    """A trained network's way to label embeddings."""

    def label(self, embeddings: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Labels (n,) int64, confidences (n,) float64, larger is surer, and matches (n,) int64.

        A match is the position, among the labelled examples that the labeller compares with, of
        the nearest that has the label; -1 where it compares with none.
        """

    def probabilities(self, embeddings: np.ndarray) -> np.ndarray:
        """(n, n_classes) float32, each row adds up to 1."""
