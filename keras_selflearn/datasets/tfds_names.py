"""Names of data sets, as TensorFlow Datasets writes them."""

from __future__ import annotations

import re

from keras_selflearn.console.errors import InputError


def check_tfds_name(name: str) -> None:
    """Raise an `InputError` unless TensorFlow Datasets can have a data set of that name."""
    if not re.fullmatch(r"\w+(/[\w.-]+)?", name, re.ASCII):
        raise InputError(f"'{name}' is no name of a TFDS data set: give NAME or NAME/CONFIG.")
