from __future__ import annotations

import os
import subprocess
import sys

import keras
import pytest

import keras_selflearn


def test_importing_the_package_does_not_import_tensorflow():
    code = "import sys, keras_selflearn; print('tensorflow' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout == "False\n"


def test_the_classifier_is_at_the_top():
    from keras_selflearn.classifier import SelfLearningClassifier

    assert keras_selflearn.SelfLearningClassifier is SelfLearningClassifier


def test_what_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nothing"):
        keras_selflearn.nothing  # noqa: B018


@pytest.mark.skipif(keras.__version__ < "3", reason="Keras 2 has TensorFlow alone")
def test_another_keras_backend_is_refused_in_a_sentence():
    code = "import keras_selflearn; keras_selflearn.SelfLearningClassifier"
    environment = {**os.environ, "KERAS_BACKEND": "numpy", "TF_CPP_MIN_LOG_LEVEL": "3"}
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment
    )
    assert "ImportError: Keras runs on numpy, but keras_selflearn needs" in result.stderr
