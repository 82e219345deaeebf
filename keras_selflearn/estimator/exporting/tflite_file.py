"""A classifier as a TFLite file, and what TensorFlow's interpreter makes of it."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import tensorflow as tf

from keras_selflearn.console.quiet import without_standard_error
from keras_selflearn.estimator.exporting.conversion import conversion_to
from keras_selflearn.estimator.exporting.formats import FORMATS, TFLITE
from keras_selflearn.estimator.exporting.portable import portable_function
from keras_selflearn.estimator.exporting.runtime import Answer, Runtime
from keras_selflearn.estimator.fitted import Fitted


def write_tflite(fitted: Fitted, folder: Path) -> None:
    """Write the file; an `InputError` where an operation can't be converted."""
    serve, module = portable_function(fitted)
    with conversion_to("TFLite"), without_standard_error():
        converter = tf.lite.TFLiteConverter.from_concrete_functions(
            [serve.get_concrete_function()], module
        )
        content = converter.convert()
    (folder / FORMATS[TFLITE].file).write_bytes(content)


def opened_tflite(folder: Path) -> Runtime:
    """Load the file in the interpreter."""
    with without_standard_error(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Of a package that will take TensorFlow's place.
        interpreter = tf.lite.Interpreter(str(folder / FORMATS[TFLITE].file))

    def answer(images: np.ndarray) -> Answer:
        found = interpreter.get_signature_runner()(images=images)
        return Answer(found["label"], found["probabilities"])

    return answer
