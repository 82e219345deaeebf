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
        _write(fitted, unfinished, target)
        runtime = opened(fitted, unfinished, target)
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


def _write(fitted: Fitted, folder: Path, target: Target) -> None:
    if target.format == SAVEDMODEL:
        from keras_selflearn.estimator.saved_model import write_saved_model

        place = _place(folder, target)
        place.mkdir(exist_ok=True)
        write_saved_model(
            fitted,
            place,
            precision=target.precision,
            resize_inside=target.resize_inside,
            from_bytes=target.serving,
        )
    elif target.format == ONNX:
        from keras_selflearn.estimator.exporting.onnx_file import write_onnx

        write_onnx(fitted, folder, class_texts(fitted.classes))
    elif target.format == KERAS:
        from keras_selflearn.estimator.exporting.keras_file import write_keras

        write_keras(fitted, folder)
    else:
        from keras_selflearn.estimator.exporting.tflite_file import write_tflite

        write_tflite(fitted, folder)


def opened(fitted: Fitted, folder: Path, target: Target) -> Runtime:
    """Load what `write_model` wrote in its runtime."""
    if target.format == SAVEDMODEL:
        from keras_selflearn.estimator.saved_model import opened_saved_model

        return opened_saved_model(_place(folder, target), fitted, from_bytes=target.serving)
    if target.format == ONNX:
        from keras_selflearn.estimator.exporting.onnx_file import opened_onnx

        return opened_onnx(folder)
    if target.format == KERAS:
        from keras_selflearn.estimator.exporting.keras_file import opened_keras

        return opened_keras(folder)
    from keras_selflearn.estimator.exporting.tflite_file import opened_tflite

    return opened_tflite(folder)


def _place(folder: Path, target: Target) -> Path:
    return folder / VERSION if target.serving else folder
