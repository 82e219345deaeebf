from __future__ import annotations

import numpy as np
import pytest

from keras_selflearn.console.full_memory import is_out_of_memory, what_takes_less


def test_tensorflow_s_error_and_python_s_are_known_and_no_others():
    import tensorflow as tf

    assert is_out_of_memory(tf.errors.ResourceExhaustedError(None, None, "OOM"))
    with pytest.raises(MemoryError) as error:
        np.empty(2**58, np.uint8)
    assert is_out_of_memory(error.value)
    assert not is_out_of_memory(tf.errors.InternalError(None, None, "OOM"))
    full_disk = "write failed; No space left on device"
    assert not is_out_of_memory(tf.errors.ResourceExhaustedError(None, None, full_disk))


def test_the_flags_that_the_command_has_are_named():
    both = what_takes_less(["loss", "image_size", "batch_size"])
    assert both.startswith("The memory is full: give a smaller --batch_size or --image_size, or")
    assert what_takes_less(["run"]) == "The memory is full: end other programs on this machine."
