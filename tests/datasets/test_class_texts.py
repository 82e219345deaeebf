from __future__ import annotations

import numpy as np
import pytest

from keras_selflearn.datasets.class_texts import class_texts


@pytest.mark.parametrize(
    ("classes", "texts"),
    [
        (["a", "ü"], ["a", "ü"]),
        ([b"a", "ü".encode()], ["a", "ü"]),
        ([b"\xff"], ["\\xff"]),
        ([-2, 10], ["-2", "10"]),
        ([0.5, 1.0], ["0.5", "1.0"]),
        ([False, True], ["False", "True"]),
    ],
)
def test_every_kind_of_class_is_a_text(classes, texts):
    assert class_texts(np.array(classes)) == texts
