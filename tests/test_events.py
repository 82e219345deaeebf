from __future__ import annotations

import pytest
import tensorflow as tf

from keras_selflearn.errors import InputError
from keras_selflearn.events import EventFiles


def test_a_full_disk_is_one_sentence(tmp_path, monkeypatch):
    def fail(*_, **__):
        raise tf.errors.ResourceExhaustedError(None, None, "{{node}} No space left on device\n at")

    monkeypatch.setattr(tf.summary, "scalar", fail)
    with pytest.raises(
        InputError, match=r"events.*\(No space left on device\): make room"
    ) as error:
        EventFiles(tmp_path).on_epoch_end(0, {"loss": 1.0})
    assert "\n" not in str(error.value)
