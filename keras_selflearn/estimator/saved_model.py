"""A fitted classifier as a SavedModel that needs nothing but TensorFlow."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Callable

import tensorflow as tf
from sklearn.utils.validation import check_is_fitted

from keras_selflearn.console.errors import InputError
from keras_selflearn.datasets.class_texts import class_texts
from keras_selflearn.estimator.classifier import SelfLearningClassifier
from keras_selflearn.estimator.fitted import Fitted, network_from
from keras_selflearn.network.resizing import resize_in_graph
from keras_selflearn.network.settling import settle
from keras_selflearn.storage.files import folder_written_whole

# The weights of red, green and blue in Pillow's grey, in 65536ths (ITU-R BT.601).
_GREY = (19595, 38470, 7471)


def export_saved_model(
    classifier: SelfLearningClassifier, folder: str | os.PathLike, *, precision: str | None = None
) -> None:
    """Write a SavedModel that labels images of any size.

    The signature `serving_default` takes `images` (n, height, width, 3) uint8, RGB. It gives
    `label` (n,) strings, `probabilities` (n, n_classes) float32, `embedding` (n, d) float32 and
    `confidence` (n,) float32, as the classifier's methods do. The signature `class_names` takes
    nothing and gives `class_names` (n_classes,) strings in the order of the probabilities. A batch
    without images, or without a pixel above 1, is an `InvalidArgumentError`: TensorFlow makes such
    images of NumPy floats from 0 to 1.

    Parameters
    ----------
    classifier : SelfLearningClassifier
        Fitted or loaded.
    folder : path
        A new or empty folder.
    precision : str, optional
        `float32` or another precision; by default the classifier's own, which gives the same
        labels. With another one embeddings differ by the rounding of the coarser one.

    Raises
    ------
    InputError
        When the folder is not empty or can't be written, the precision is unknown, or the labeller
        has no graph.
    """
    check_is_fitted(classifier)
    fitted = classifier.fitted_
    label, variables = fitted.labeller.in_graph()
    embedder = _embedder(fitted, precision)
    height, width, channels = fitted.image_shape
    names = tf.constant(
        [each.encode("utf-8", "surrogateescape") for each in class_texts(fitted.classes)]
    )

    @tf.function(input_signature=[tf.TensorSpec((None, None, None, 3), tf.uint8, name="images")])
    def serve(images: tf.Tensor) -> dict[str, tf.Tensor]:
        pixels = resize_in_graph(_checked(images), height, width)
        if channels == 1:
            pixels = grey_in_graph(pixels)
        embedding = embedder(pixels, training=False)
        labels, probabilities, confidence = label(embedding)
        return {
            "label": tf.gather(names, labels),
            "probabilities": probabilities,
            "embedding": embedding,
            "confidence": confidence,
        }

    @tf.function(input_signature=[])
    def class_names() -> dict[str, tf.Tensor]:
        return {"class_names": names}

    module = tf.Module()
    signatures = {"serving_default": serve, "class_names": class_names}
    signatures = {name: each.get_concrete_function() for name, each in signatures.items()}
    # The variables alone: a saved Keras object could only be loaded with Keras.
    module.used = [*signatures["serving_default"].graph.variables, *variables]
    with folder_written_whole(Path(folder).expanduser()) as unfinished:
        try:
            tf.saved_model.save(module, str(unfinished), signatures=signatures)
        except tf.errors.OpError as error:
            raise InputError(f"The SavedModel can't be written: {error.message}.") from error


def _checked(images: tf.Tensor) -> tf.Tensor:
    """The same images, once it is known that there are some, and not all of them black."""
    there_are_some = tf.debugging.Assert(
        tf.size(images) > 0, ["The batch holds no image: give one or more."]
    )
    with tf.control_dependencies([there_are_some]):
        one_is_lit = tf.debugging.Assert(
            tf.reduce_any(images > 1),
            [
                "All images are black, with no pixel above 1: give uint8 pixels from 0 to 255, not"
                " floats from 0 to 1."
            ],
        )
    with tf.control_dependencies([one_is_lit]):
        return tf.identity(images)


def _embedder(fitted: Fitted, precision: str | None) -> Callable[..., tf.Tensor]:
    """The classifier's network, for one device."""
    network = network_from(
        {**fitted.parameters, "backbone": fitted.lasting_backbone()},
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


def grey_in_graph(images: tf.Tensor) -> tf.Tensor:
    """Convert RGB images to grey, (n, height, width, 1) uint8, to the bit as Pillow does."""
    weighted = tf.reduce_sum(tf.cast(images, tf.int32) * _GREY, axis=-1, keepdims=True)
    return tf.cast((weighted + 2**15) // 2**16, tf.uint8)
