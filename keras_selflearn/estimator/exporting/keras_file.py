"""A classifier as a Keras file of layers that Keras itself has, and what Keras makes of it."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from keras_selflearn.console.errors import InputError
from keras_selflearn.estimator.exporting import keras_labels
from keras_selflearn.estimator.exporting.embedder import embedder_of
from keras_selflearn.estimator.exporting.formats import FORMATS, KERAS
from keras_selflearn.estimator.exporting.keras_network import plain_network
from keras_selflearn.estimator.exporting.keras_operations import as_type
from keras_selflearn.estimator.exporting.runtime import Answer, Runtime
from keras_selflearn.estimator.fitted import Fitted
from keras_selflearn.network.keras_settings import keras_settings
from keras_selflearn.network.precision import precision_policy

# Only the version that wrote a file is sure to read it.
KERAS_VERSION = keras.__version__.split(".")[0]


def write_keras(fitted: Fitted, folder: Path) -> None:
    """Write the file; an `InputError` where the classifier has parts that Keras has not."""
    label = fitted.labeller.in_keras(keras_labels)
    with keras_settings(), precision_policy("float32"):
        embedder = plain_network(embedder_of(fitted, "float32"))
        (embedding,) = embedder.outputs
        labels, probabilities, confidence = label(embedding)
        outputs = {
            "label": as_type(labels, "int64"),
            "probabilities": probabilities,
            "embedding": embedding,
            "confidence": confidence,
        }
        model = tf.keras.Model(embedder.inputs, outputs, name="classifier")
    path = folder / FORMATS[KERAS].file
    model.save(path)
    if _names_own_layers(path):
        raise InputError(
            "The network has layers that Keras itself can't load: give --format=savedmodel."
        )


def _names_own_layers(path: Path) -> bool:
    """Whether a file has layers that a program registered, as this package does."""
    with zipfile.ZipFile(path) as archive:
        content = json.loads(archive.read("config.json"))
    found = [content]
    while found:
        each = found.pop()
        if isinstance(each, dict):
            if ">" in str(each.get("registered_name")):
                return True
            found += each.values()
        elif isinstance(each, list):
            found += each
    return False


def opened_keras(folder: Path) -> Runtime:
    """Load the file in Keras."""
    model = tf.keras.models.load_model(folder / FORMATS[KERAS].file, compile=False)
    call = tf.function(lambda images: model(images, training=False))

    def answer(images: np.ndarray) -> Answer:
        found = call(tf.constant(images))
        return Answer(found["label"].numpy(), found["probabilities"].numpy())

    return answer
