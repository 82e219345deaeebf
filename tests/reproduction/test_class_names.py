from __future__ import annotations

import pytest

from keras_selflearn.reproduction.class_names import name_parts


@pytest.mark.parametrize(
    "name, parts",
    [
        ("automobile", ["automobile"]),
        ("Tomato___Late_blight", ["Tomato", "Late blight"]),
        ("Pepper,_bell___healthy", ["Pepper, bell", "healthy"]),
        ("Corn_(maize)___Common_rust_", ["Corn (maize)", "Common rust"]),
    ],
)
def test_crop_and_disease_without_underscores(name, parts):
    assert name_parts(name) == parts
