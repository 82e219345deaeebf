"""Set Keras' global settings as our networks need them: a keras.json or a program may change them.

Keras reads them when layers, optimisers, losses and metrics are made, and hardly later.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

import keras
import tensorflow as tf

from keras_selflearn.console.errors import InputError

CHANNELS, FLOAT, EPSILON = "channels_last", "float32", 1e-7

# The settings are those of the process: two threads at once would put back each other's.
_in_use = threading.RLock()


@contextlib.contextmanager
def keras_settings() -> Iterator[None]:
    """Build layers for images (height, width, channels) and float32 weights in the block.

    The user's own settings are back after it, the policy of number formats, too. Other threads
    wait for the end of the block.
    """
    backend, mixed_precision = tf.keras.backend, tf.keras.mixed_precision
    with _in_use:
        own = backend.image_data_format(), backend.floatx(), backend.epsilon()
        policy = mixed_precision.global_policy()
        follows = policy.name == backend.floatx()  # So it is if none was set.
        _set(CHANNELS, FLOAT, EPSILON)
        if follows:
            mixed_precision.set_global_policy(FLOAT)
        try:
            yield
        finally:
            _set(*own)
            keras_2_follows = follows and keras.__version__.startswith("2.")
            mixed_precision.set_global_policy(None if keras_2_follows else policy)


def _set(channels: str, number_format: str, epsilon: float) -> None:
    backend = tf.keras.backend
    backend.set_image_data_format(channels)
    backend.set_floatx(number_format)
    backend.set_epsilon(epsilon)


def check_limits() -> None:
    """Raise an `InputError` where Keras is set to end each training early, as Keras 3 can be."""
    config = getattr(keras, "config", None)
    for name in ("max_epochs", "max_steps_per_epoch"):
        limit = getattr(config, name, lambda: None)()
        if limit:
            raise InputError(
                f"Keras is set to end each training early ({name} is {limit}): unset it with"
                f" keras.config.set_{name}(None), and leave out KERAS_{name.upper()}."
            )
