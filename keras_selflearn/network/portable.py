"""Make a network one of operations that other runtimes have, too."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from keras_selflearn.network.inference import Inference
from keras_selflearn.network.resizing import Resize


def make_portable(network: tf.keras.Model) -> None:
    """Change how layers compute what they compute, before a graph of them is made."""
    for layer in network.layers:
        if isinstance(layer, Inference):
            make_portable(layer.network)
        elif isinstance(layer, tf.keras.Model):
            make_portable(layer)
        elif isinstance(layer, Resize):
            layer.by_products = True
        elif isinstance(layer, tf.keras.layers.Normalization):
            # Tensors that are no variables would become inputs of an ONNX file.
            layer.mean, layer.variance = np.asarray(layer.mean), np.asarray(layer.variance)
