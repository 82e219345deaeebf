"""Weights that layers keep a second time."""

from __future__ import annotations

import tensorflow as tf

from keras_selflearn.network.inference import Inference


def settle(network: tf.keras.Model) -> None:
    """Let layers that scale pixels inside a network take over the weights that were set.

    Keras keeps their mean and variance a second time, and renews that in `load_weights` alone.
    """
    for layer in network.layers:
        if isinstance(layer, Inference):
            settle(layer.network)
        elif isinstance(layer, tf.keras.Model):
            settle(layer)
        elif isinstance(layer, tf.keras.layers.Normalization) and layer.input_mean is None:
            layer.finalize_state()
