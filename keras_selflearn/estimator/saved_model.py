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
from keras_selflearn.labelling.in_graph import labeller_in_graph
from keras_selflearn.network.model import build_network
from keras_selflearn.storage.files import folder_written_whole

# Pillow's own conversion to grey, in 65536ths: ITU-R BT.601.
_GREY = (19595, 38470, 7471)


def export_saved_model(
    classifier: SelfLearningClassifier, folder: str | os.PathLike, *, precision: str | None = None
) -> None:
    """Write a SavedModel that labels images of any size.

    Its signature `serving_default` takes `images` (n, height, width, 3) uint8, RGB, and gives
    `label` (n,) strings, `probabilities` (n, n_classes) float32, `embedding` (n, d) float32 and
    `confidence` (n,) float32, all as the classifier's methods do. Its signature `class_names` takes
    nothing and gives `class_names` (n_classes,) strings, the order of the probabilities.

    Parameters
    ----------
    classifier : SelfLearningClassifier
        Fitted or loaded.
    folder : path
        Not there yet, or empty.
    precision : str, optional
        `float32` or another that the classifier knows; by default its own, with which labels are
        the same. In another one embeddings differ by what the coarser of the two rounds off.

    Raises
    ------
    InputError
        When the folder is not empty or can't be written, the precision is unknown, or the loss
        labels in a way of its own.
    """
    check_is_fitted(classifier)
    label, variables = labeller_in_graph(classifier.labeller_)
    embedder = _embedder(classifier, precision)
    height, width, channels = classifier.image_shape_
    names = tf.constant(
        [each.encode("utf-8", "surrogateescape") for each in class_texts(classifier.classes_)]
    )

    @tf.function(input_signature=[tf.TensorSpec((None, None, None, 3), tf.uint8, name="images")])
    def serve(images: tf.Tensor) -> dict[str, tf.Tensor]:
        pixels = resize_in_graph(images, height, width)
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
    # The graphs' own: no Keras object is saved, which would need Keras to be loaded.
    module.used = [*signatures["serving_default"].graph.variables, *variables.values()]
    with folder_written_whole(Path(folder).expanduser()) as unfinished:
        try:
            tf.saved_model.save(module, str(unfinished), signatures=signatures)
        except tf.errors.OpError as error:
            raise InputError(f"The SavedModel can't be written: {error.message}.") from error


def _embedder(
    classifier: SelfLearningClassifier, precision: str | None
) -> Callable[..., tf.Tensor]:
    """The classifier's network, for one device."""
    asked = classifier.fitted_parameters_
    network = build_network(
        backbone=asked["backbone"],
        weights="random",
        image_shape=classifier.image_shape_,
        n_classes=len(classifier.classes_),
        objective=classifier.objective_,
        embedding_size=asked["embedding_size"],
        dropout=0,
        optimizer="sgd",
        learning_rate=1.0,
        precision=precision or asked["precision"],
    )
    network.embedder.set_weights(classifier.network_.embedder.get_weights())
    return network.embedder


def resize_in_graph(images: tf.Tensor, height: int, width: int) -> tf.Tensor:
    """Images (n, height, width, 3) uint8 of those of any size, as Pillow's bicubic resizes.

    Those of that size stay as they are. The width first, rounded, then the height, as in Pillow:
    values differ by 1 in places, and by more where they were cut off at black or white in between.
    """

    def resized() -> tf.Tensor:
        narrow = _bicubic(images, tf.stack([tf.shape(images)[1], width]))
        return _bicubic(narrow, tf.constant([height, width]))

    same = tf.reduce_all(tf.shape(images)[1:3] == [height, width])
    return tf.ensure_shape(tf.cond(same, lambda: images, resized), (None, height, width, 3))


def _bicubic(images: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    values = tf.image.resize(images, size, method="bicubic", antialias=True)
    return tf.saturate_cast(tf.floor(values + 0.5), tf.uint8)


def grey_in_graph(images: tf.Tensor) -> tf.Tensor:
    """Images (n, height, width, 1) uint8 of RGB ones, to the bit as Pillow converts them."""
    weighted = tf.reduce_sum(tf.cast(images, tf.int32) * _GREY, axis=-1, keepdims=True)
    return tf.cast((weighted + 2**15) // 2**16, tf.uint8)
