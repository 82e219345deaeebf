"""What makes a loss an experiment: its head, its optimiser, and how the network then labels."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
import tensorflow as tf

from keras_selflearn.labelling import Labeller
from keras_selflearn.labelling.nearest_neighbour import NearestNeighbourLabeller


class Objective(ABC):
    """A loss joined with all that the rest of the package must know of it.

    A new loss is a frozen dataclass that inherits from this one: its fields are the loss's
    parameters, its defaults those of the paper. Metric losses need no more than `name` and `loss`.

    Attributes
    ----------
    name : str
        As in `--loss` and in the tables of the paper.
    optimizer : str
        Keras' name of the optimiser that the paper trains this loss with.
    normalized : bool
        Whether embeddings are divided by their Euclidean norm.
    uses_reference : bool
        Whether labelling compares with the embeddings of labelled examples; the labeller then has
        these as `reference` and their labels as `labels`.
    """

    name: ClassVar[str]
    optimizer: ClassVar[str] = "adam"
    normalized: ClassVar[bool] = True
    uses_reference: ClassVar[bool] = True

    @abstractmethod
    def loss(self) -> tf.keras.losses.Loss:
        """The Keras loss of integer labels (batch,) and the network's outputs (batch, ...)."""

    def head(self, n_classes: int) -> tf.keras.layers.Layer | None:
        """The layer from the embedding to what the loss takes; None: the embedding itself."""
        return None

    def labeller(
        self,
        head: tf.keras.layers.Layer | None,
        reference: np.ndarray,
        reference_labels: np.ndarray,
        *,
        n_classes: int,
        n_neighbors: int,
    ) -> Labeller:
        """How the trained network labels embeddings: by default as the nearest neighbours do.

        Parameters
        ----------
        head : Layer or None
            The trained head.
        reference : (m, d) float32
            Embeddings of labelled examples; empty unless `uses_reference`.
        reference_labels : (m,) integers
        n_classes, n_neighbors : int
        """
        return NearestNeighbourLabeller(
            reference, reference_labels, n_classes=n_classes, n_neighbors=n_neighbors
        )
