"""A fitted classifier as a SavedModel that needs nothing but TensorFlow."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Callable

import numpy as np
import tensorflow as tf
from PIL import Image
from sklearn.utils.validation import check_is_fitted

from keras_selflearn.console.errors import InputError
from keras_selflearn.datasets.class_texts import class_texts
from keras_selflearn.estimator.classifier import SelfLearningClassifier
from keras_selflearn.estimator.exporting.embedder import embedder_of
from keras_selflearn.estimator.exporting.runtime import Answer, Runtime
from keras_selflearn.estimator.fitted import Fitted
from keras_selflearn.network.resizing import resize_in_graph
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
    with folder_written_whole(Path(folder).expanduser()) as unfinished:
        write_saved_model(classifier.fitted_, unfinished, precision=precision, resize_inside=True)


def write_saved_model(
    fitted: Fitted,
    folder: Path,
    *,
    precision: str | None = None,
    resize_inside: bool = False,
    from_bytes: bool = False,
) -> None:
    """Write a SavedModel into a folder that is there; signatures as `export_saved_model`.

    Parameters
    ----------
    fitted : Fitted
    folder : Path
    precision : str, optional
    resize_inside : bool
        Whether `images` are RGB of any size. If not, they have the size and the channels of the
        classifier's, and others are an `InvalidArgumentError`.
    from_bytes : bool
        Whether the signature takes `image_bytes` (n,) strings in the place of `images`: the
        contents of JPEG, PNG, GIF and BMP files of any size.

    Raises
    ------
    InputError
        As `export_saved_model`.
    """
    label, variables = fitted.labeller.in_graph()
    embedder = embedder_of(fitted, precision)
    names = tf.constant(_names(fitted))

    def answer(pixels: tf.Tensor) -> dict[str, tf.Tensor]:
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

    serve = _of_bytes(answer, fitted) if from_bytes else _of_pixels(answer, fitted, resize_inside)
    module = tf.Module()
    signatures = {"serving_default": serve, "class_names": class_names}
    signatures = {name: each.get_concrete_function() for name, each in signatures.items()}
    # The variables alone: a saved Keras object could only be loaded with Keras.
    module.used = [*signatures["serving_default"].graph.variables, *variables]
    try:
        tf.saved_model.save(module, str(folder), signatures=signatures)
    except tf.errors.OpError as error:
        raise InputError(f"The SavedModel can't be written: {error.message}.") from error


def opened_saved_model(folder: Path, fitted: Fitted, *, from_bytes: bool = False) -> Runtime:
    """Load what `write_saved_model` wrote; grey images are given as RGB where it takes that."""
    signatures = tf.saved_model.load(str(folder)).signatures
    serve = signatures["serving_default"]
    positions = {name: position for position, name in enumerate(_names(fitted))}

    def answer(images: np.ndarray) -> Answer:
        if from_bytes:
            found = serve(image_bytes=tf.constant([_png(each) for each in images]))
        else:
            channels = serve.structured_input_signature[1]["images"].shape[-1]
            found = serve(images=tf.constant(np.repeat(images, channels // images.shape[-1], -1)))
        labels = np.array([positions[each] for each in found["label"].numpy()])
        return Answer(labels, found["probabilities"].numpy())

    return answer


Answering = Callable[[tf.Tensor], dict[str, tf.Tensor]]


def _of_pixels(answer: Answering, fitted: Fitted, resize_inside: bool) -> Callable:
    height, width, channels = fitted.image_shape
    given = 3 if resize_inside else channels

    @tf.function(
        input_signature=[tf.TensorSpec((None, None, None, given), tf.uint8, name="images")]
    )
    def serve(images: tf.Tensor) -> dict[str, tf.Tensor]:
        images = _checked(images)
        if not resize_inside:
            images = _of_size(images, height, width)
        else:
            images = resize_in_graph(images, height, width)
            if channels == 1:
                images = grey_in_graph(images)
        return answer(images)

    return serve


def _of_bytes(answer: Answering, fitted: Fitted) -> Callable:
    height, width, channels = fitted.image_shape

    def decoded(content: tf.Tensor) -> tf.Tensor:
        image = tf.io.decode_image(content, channels=3, expand_animations=False)
        return resize_in_graph(image[None], height, width)[0]

    @tf.function(input_signature=[tf.TensorSpec((None,), tf.string, name="image_bytes")])
    def serve(image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        with tf.control_dependencies([_there_are_some(image_bytes)]):
            image_bytes = tf.identity(image_bytes)
        images = tf.map_fn(
            decoded, image_bytes, fn_output_signature=tf.TensorSpec((height, width, 3), tf.uint8)
        )
        return answer(grey_in_graph(images) if channels == 1 else images)

    return serve


def _there_are_some(images: tf.Tensor) -> tf.Operation:
    return tf.debugging.Assert(tf.size(images) > 0, ["The batch holds no image: give one or more."])


def _checked(images: tf.Tensor) -> tf.Tensor:
    """The same images, once it is known that there are some, and not all of them black."""
    with tf.control_dependencies([_there_are_some(images)]):
        one_is_lit = tf.debugging.Assert(
            tf.reduce_any(images > 1),
            [
                "All images are black, with no pixel above 1: give uint8 pixels from 0 to 255, not"
                " floats from 0 to 1."
            ],
        )
    with tf.control_dependencies([one_is_lit]):
        return tf.identity(images)


def _of_size(images: tf.Tensor, height: int, width: int) -> tf.Tensor:
    """The same images, once it is known that they have this size."""
    # A tensor of another shape than a signature's goes through, so the graph must look.
    fits = tf.debugging.Assert(
        tf.reduce_all(tf.shape(images)[1:3] == [height, width]),
        [f"The images are not {height} pixels high and {width} wide: resize them before."],
    )
    with tf.control_dependencies([fits]):
        return tf.ensure_shape(tf.identity(images), (None, height, width, images.shape[-1]))


def _names(fitted: Fitted) -> list[bytes]:
    return [each.encode("utf-8", "surrogateescape") for each in class_texts(fitted.classes)]


def _png(image: np.ndarray) -> bytes:
    content = io.BytesIO()
    Image.fromarray(image if image.shape[-1] == 3 else image[..., 0]).save(content, "PNG")
    return content.getvalue()


def grey_in_graph(images: tf.Tensor) -> tf.Tensor:
    """Convert RGB images to grey, (n, height, width, 1) uint8, to the bit as Pillow does."""
    weighted = tf.reduce_sum(tf.cast(images, tf.int32) * _GREY, axis=-1, keepdims=True)
    return tf.cast((weighted + 2**15) // 2**16, tf.uint8)
