"""A fitted classifier's network anew: for one device, in a precision of its own."""

from __future__ import annotations

import tensorflow as tf

from keras_selflearn.estimator.fitted import Fitted, network_from
from keras_selflearn.network.settling import settle


def embedder_of(fitted: Fitted, precision: str | None = None) -> tf.keras.Model:
    """Build the model from uint8 images to float32 embeddings (n, d), with its own weights.

    Parameters
    ----------
    fitted : Fitted
    precision : str, optional
        By default the classifier's.
    """
    parameters = {
        **fitted.parameters,
        "backbone": fitted.lasting_backbone(),
        "batch_statistics": False,  # It changes training alone, and no converter knows its parts.
    }
    network = network_from(
        parameters,
        fitted.objective,
        fitted.image_shape,
        len(fitted.classes),
        weights="random",
        optimizer="sgd",  # keeps no copies of the weights
        precision=precision or fitted.parameters["precision"],
        strategy="none",
    )
    network.embedder.set_weights(fitted.network.embedder.get_weights())
    for backbone in network.backbones:
        settle(backbone)
    return network.embedder
