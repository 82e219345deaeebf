"""What a classifier can be exported to, and what each format can have; no TensorFlow."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path

from keras_selflearn.console.errors import InputError

# TensorFlow reads a path with one of these as a pattern, and doesn't find what it wrote.
_PATTERNS = "[\\*?"


class NotEqual(Exception):
    """An exported model that says other things than the classifier."""


@dataclass(frozen=True)
class Format:
    """A format of files.

    Attributes
    ----------
    title : str
        What people call a file of it.
    file : str
        The name of the file in the exported folder; empty where the folder itself is the model.
    runtime : str
        What loads it.
    packages : tuple of str
        What this package does not install by itself.
    extra : str
        The extra of this package that brings them.
    """

    title: str
    file: str
    runtime: str
    packages: tuple[str, ...] = ()
    extra: str = ""

    @property
    def one(self) -> str:
        """The title with its article, to begin a sentence."""
        return f"{'An' if self.title[0] in 'AEIOU' else 'A'} {self.title}"


SAVEDMODEL, KERAS, ONNX, TFLITE = "savedmodel", "keras", "onnx", "tflite"
FORMATS = {
    SAVEDMODEL: Format("SavedModel", "", "TensorFlow"),
    KERAS: Format("Keras file", "model.keras", "Keras"),
    ONNX: Format(
        "ONNX file", "model.onnx", "onnxruntime", ("tf2onnx", "onnx", "onnxruntime"), "onnx"
    ),
    TFLITE: Format("TFLite file", "model.tflite", "TFLite's interpreter"),
}
# Beside every model: the names of the classes, as JSON, and the model card.
CLASSES, CARD = "classes.json", "README.md"


@dataclass(frozen=True)
class Target:
    """What is to be written.

    Attributes
    ----------
    format : str
        A key of `FORMATS`.
    precision : str
        The number format to compute in.
    resize_inside : bool
        Whether the graph takes images of any size.
    serving : bool
        Whether it is laid out for TensorFlow Serving, and takes the bytes of JPEG and PNG files.
    """

    format: str = SAVEDMODEL
    precision: str = "float32"
    resize_inside: bool = False
    serving: bool = False

    @property
    def of(self) -> Format:
        """The format."""
        return FORMATS[self.format]

    def check(self, folder: Path) -> None:
        """Raise an `InputError` for what the format can't have, or TensorFlow can't open."""
        if self.format != SAVEDMODEL:
            self._check_plain()
        elif found := sorted({*str(folder.absolute())} & {*_PATTERNS}):
            raise InputError(
                f"TensorFlow can't open a SavedModel again whose path has {' or '.join(found)} in"
                f" it, as {folder.absolute()} has: choose another place."
            )
        missing = [each for each in self.of.packages if importlib.util.find_spec(each) is None]
        if missing:
            raise InputError(
                f"{self.of.one} needs {', '.join(missing)}, which can't be found: install it"
                f" with `pip install 'keras-selflearn[{self.of.extra}]'`."
            )

    def _check_plain(self) -> None:
        if self.serving:
            raise InputError(
                f"TensorFlow Serving loads no {self.of.title}: leave out --serving, or give"
                " --format=savedmodel."
            )
        if self.resize_inside:
            raise InputError(
                f"{self.of.one} can't resize images as the classifier does: for any size,"
                " Pillow's bicubic filter has no operation there. Resize the images before, or"
                " give --format=savedmodel."
            )
        if self.precision != "float32":
            raise InputError(
                f"{self.of.one} is for runtimes that may lack {self.precision}: leave out"
                " --precision, or give --format=savedmodel."
            )
