"""A network whose backbone is not trained, with a linear embedding of its features that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from keras_selflearn.console.signals import check_for_stop
from keras_selflearn.losses.objective import Objective
from keras_selflearn.network.head_network import HeadNetwork, build_head_network
from keras_selflearn.network.keras_settings import keras_settings
from keras_selflearn.network.model import OPTIMIZERS, Network
from keras_selflearn.network.precision import precision_policy

_BLOCK = 8192


@dataclass(frozen=True)
class EmbeddingNetwork(HeadNetwork):
    """Standardised features, a linear embedding of them, and the head of a loss.

    Attributes
    ----------
    after_features : Network
        The trained part, with the same weights. Its inputs are standardised features of length 1,
        (batch, d) float32.
    """

    after_features: Network

    @property
    def trained(self) -> Network:
        """The part that training changes."""
        return self.after_features

    def embed_features(self, features: np.ndarray, indices: np.ndarray) -> np.ndarray:
        """Return the embeddings (k, embedding_size) float32 of rows of the features (n, d)."""
        embedder = self.after_features
        embeddings = np.empty((len(indices), embedder.embedder.output_shape[-1]), np.float32)
        for start in range(0, len(indices), _BLOCK):
            check_for_stop()
            part = slice(start, start + _BLOCK)
            embeddings[part] = embedder.embed_batch(tf.constant(features[indices[part]]))
        return embeddings


@keras_settings()
@precision_policy("float32")
def build_embedding_network(
    *,
    objective: Objective,
    embedding_size: int,
    optimizer: str,
    learning_rate: float,
    n_classes: int,
    raw: bool = False,
    **frozen: Any,
) -> EmbeddingNetwork:
    """Build the network, and compile the part that is trained.

    Parameters
    ----------
    objective : Objective
    embedding_size : int
    optimizer : str
    learning_rate : float
    n_classes : int
    raw : bool
        Whether the embedder ends before the embedding is normalised for the loss.
    **frozen
        What `build_head_network` takes. Random weights come from TensorFlow's global generator.

    Raises
    ------
    InputError
        As `build_head_network`.
    """
    features = build_head_network(n_classes=n_classes, **frozen)
    layers = tf.keras.layers
    dense = layers.Dense(embedding_size, dtype="float32", name="embedding")
    unit = layers.UnitNormalization(dtype="float32", name="unit_of_embedding")
    head = objective.head(n_classes)

    def models(inputs: tf.Tensor, features: tf.Tensor) -> dict[str, tf.keras.Model]:
        compared = dense(features)
        embedding = unit(compared) if objective.normalized else compared
        outputs = head(embedding) if head else embedding
        embedder = tf.keras.Model(inputs, compared if raw else embedding, name="embedder")
        return {"trainer": tf.keras.Model(inputs, outputs, name="trainer"), "embedder": embedder}

    of_features = tf.keras.Input(features.embedder.output_shape[1:], name="standard_features")
    parts = {"backbones": features.backbones, "head": head, "earlier_steps": features.earlier_steps}
    trained = Network(**models(of_features, of_features), **parts)
    trained.trainer.compile(
        optimizer=OPTIMIZERS[optimizer](learning_rate),
        loss=objective.loss_of_classes(n_classes),
        jit_compile=False,
    )
    trained.trainer.optimizer.build(trained.trainer.trainable_variables)
    return EmbeddingNetwork(
        **models(features.embedder.input, features.embedder.output),
        **parts,
        featurizers=features.featurizers,
        standards=features.standards,
        after_features=trained,
    )
