"""What a converter can't do is one sentence."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from keras_selflearn.console.errors import InputError, first_line


@contextlib.contextmanager
def conversion_to(name: str) -> Iterator[None]:
    """Raise an `InputError` for whatever goes wrong when a classifier is converted.

    A network of the user's may have any operation, and any size.
    """
    try:
        yield
    except Exception as error:
        raise InputError(
            f"The classifier can't be converted to {name} ({first_line(error)}): give"
            " --format=savedmodel."
        ) from error
