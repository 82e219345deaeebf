"""A classifier as a function of operations that other runtimes than TensorFlow have, too."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from keras_selflearn.estimator.exporting.embedder import embedder_of
from keras_selflearn.estimator.fitted import Fitted
from keras_selflearn.network.portable import make_portable


def portable_function(fitted: Fitted) -> tuple[Any, tf.Module]:
    """Make the `tf.function`, and a module that keeps its variables.

    It takes `images` (n, height, width, channels) uint8 of the classifier's size. It gives `label`
    (n,) int64, the position in the classes, `probabilities` (n, n_classes), `embedding` (n, d) and
    `confidence` (n,), all float32. It computes in float32.

    Raises
    ------
    InputError
        When the labeller has no graph.
    """
    label, variables = fitted.labeller.in_portable_graph()
    embedder = embedder_of(fitted, "float32")
    make_portable(embedder)
    images = tf.TensorSpec((None, *fitted.image_shape), tf.uint8, name="images")

    @tf.function(input_signature=[images])
    def serve(images: tf.Tensor) -> dict[str, tf.Tensor]:
        embedding = embedder(images, training=False)
        labels, probabilities, confidence = label(embedding)
        return {
            "label": tf.cast(labels, tf.int64),
            "probabilities": probabilities,
            "embedding": embedding,
            "confidence": confidence,
        }

    module = tf.Module()
    # TensorFlow does not see the variables of Keras 3 in its own objects.
    module.used = [*serve.get_concrete_function().graph.variables, *variables]
    return serve, module
