"""Set Keras' global settings as our networks need them: a user's keras.json may change them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import tensorflow as tf

CHANNELS, FLOAT = "channels_last", "float32"


@contextlib.contextmanager
def keras_settings() -> Iterator[None]:
    """Build layers for images (height, width, channels) and float32 weights in the block.

    The user's own settings are back after it.
    """
    backend = tf.keras.backend
    channels, number_format = backend.image_data_format(), backend.floatx()
    backend.set_image_data_format(CHANNELS)
    backend.set_floatx(FLOAT)
    try:
        yield
    finally:
        backend.set_image_data_format(channels)
        backend.set_floatx(number_format)
