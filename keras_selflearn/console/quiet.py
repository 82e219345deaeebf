"""Keep TensorFlow's own messages off the screen. Its errors still raise."""

from __future__ import annotations

import contextlib
import logging
import os
import warnings
from collections.abc import Iterator

from absl import logging as absl_logging

from keras_selflearn.console.screen import open_descriptors, standard_error


def import_tensorflow_quietly() -> None:
    """Import TensorFlow without its start-up messages, and silence those that come later."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # The user's other programs may have set Keras to something else.
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ["TF_USE_LEGACY_KERAS"] = "0"
    for name in ("KERAS_MAX_EPOCHS", "KERAS_MAX_STEPS_PER_EPOCH"):
        os.environ.pop(name, None)
    absl_logging.set_verbosity(absl_logging.ERROR)
    warnings.filterwarnings("ignore", module=r"(keras|tensorflow|tensorflow_addons)(\.|$)")
    # The C++ part of TensorFlow prints while it loads, and no setting stops it.
    with without_standard_error():
        import tensorflow
    # If Python is interactive, for example in a notebook, TensorFlow sets its own level.
    for name in ("tensorflow", "urllib3"):
        logging.getLogger(name).setLevel(logging.ERROR)
    # A keras.json may say otherwise, for the user's other programs.
    tensorflow.keras.backend.set_image_data_format("channels_last")
    tensorflow.keras.backend.set_floatx("float32")
    tensorflow.keras.backend.set_epsilon(1e-7)


@contextlib.contextmanager
def without_standard_error() -> Iterator[None]:
    """Drop what the block writes to the screen's second descriptor, from C++, too."""
    open_descriptors()
    standard_error().flush()
    screen = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        standard_error().flush()
        os.dup2(screen, 2)
        os.close(screen)
        os.close(nowhere)
