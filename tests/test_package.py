from __future__ import annotations

import sys
import types

import pytest
from waiting import run_process

import keras_selflearn


def test_importing_the_package_does_not_import_tensorflow():
    code = "import sys, keras_selflearn; print('tensorflow' in sys.modules)"
    result = run_process([sys.executable, "-c", code])
    assert result.stdout == "False\n"


def test_the_classifier_is_at_the_top():
    from keras_selflearn.estimator.classifier import SelfLearningClassifier

    assert keras_selflearn.SelfLearningClassifier is SelfLearningClassifier


def test_what_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nothing"):
        keras_selflearn.nothing  # noqa: B018


def test_another_keras_backend_is_refused_in_a_sentence(monkeypatch):
    backend = types.SimpleNamespace(backend=lambda: "jax")
    monkeypatch.setitem(sys.modules, "keras", types.SimpleNamespace(backend=backend))
    with pytest.raises(ImportError, match="Keras runs on jax, but .* set .* KERAS_BACKEND=tensor"):
        keras_selflearn.SelfLearningClassifier  # noqa: B018


def test_another_tf_keras_is_refused_in_a_sentence(monkeypatch):
    monkeypatch.setenv("TF_USE_LEGACY_KERAS", "1")
    with pytest.raises(ImportError, match="TF_USE_LEGACY_KERAS makes tf.keras another package"):
        keras_selflearn.SelfLearningClassifier  # noqa: B018
