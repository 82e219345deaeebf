"""Write an exported model whole: the model, its classes and its card, compared with the classifier.

A model that does not say what the classifier says is not left behind.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Callable

import numpy as np

from keras_selflearn.datasets.class_texts import class_texts
from keras_selflearn.estimator.exporting.comparing import Comparison, compare
from keras_selflearn.estimator.exporting.formats import (
    CARD,
    CLASSES,
    KERAS,
    ONNX,
    SAVEDMODEL,
    NotEqual,
    Target,
)
from keras_selflearn.estimator.exporting.runtime import Runtime
from keras_selflearn.estimator.fitted import Fitted
from keras_selflearn.storage.files import folder_written_whole

# TensorFlow Serving takes the folder with the largest number.
VERSION = "1"


def write_model(
    fitted: Fitted,
    folder: Path,
    target: Target,
    images: np.ndarray,
    card: Callable[[Comparison], str],
) -> Comparison:
    """Write a model to a new folder, load it again and compare it with the classifier.

    Parameters
    ----------
    fitted : Fitted
    folder : Path
    target : Target
    images : (n, height, width, channels) uint8
        Of the classifier's size, at least one: what is compared.
    card : callable
        Gives the model card, Markdown.

    Returns
    -------
    Comparison
        One that agrees.

    Raises
    ------
    InputError
        When the folder is not empty or can't be written, or the classifier can't be converted.
    NotEqual
        When the model says other things than the classifier. Then nothing is left.
    """
    target.check(folder)
    with folder_written_whole(folder) as unfinished:
        runtime = _write(fitted, unfinished, target)
        comparison = compare(fitted, runtime, images, target.precision)
        if not comparison.agrees:
            raise NotEqual(
                f"The {target.of.title} says other things than the classifier, so it was removed:"
                f" {comparison.sentence()}, more than 0.001 for"
                f" {comparison.images - comparison.within:,} images."
            )
        names = class_texts(fitted.classes)
        (unfinished / CLASSES).write_text(json.dumps(names) + "\n", encoding="utf-8")
        text = card(comparison).encode("utf-8", "backslashreplace")
        (unfinished / CARD).write_bytes(text)
    return comparison


def _write(fitted: Fitted, folder: Path, target: Target) -> Runtime:
    if target.format == SAVEDMODEL:
        from keras_selflearn.estimator.saved_model import opened_saved_model, write_saved_model

        if target.serving:
            folder = folder / VERSION
            folder.mkdir()
        write_saved_model(
            fitted,
            folder,
            precision=target.precision,
            resize_inside=target.resize_inside,
            from_bytes=target.serving,
        )
        return opened_saved_model(folder, fitted, from_bytes=target.serving)
    if target.format == ONNX:
        from keras_selflearn.estimator.exporting.onnx_file import opened_onnx, write_onnx

        write_onnx(fitted, folder, class_texts(fitted.classes))
        return opened_onnx(folder)
    if target.format == KERAS:
        from keras_selflearn.estimator.exporting.keras_file import opened_keras, write_keras

        write_keras(fitted, folder)
        return opened_keras(folder)
    from keras_selflearn.estimator.exporting.tflite_file import opened_tflite, write_tflite

    write_tflite(fitted, folder)
    return opened_tflite(folder)
