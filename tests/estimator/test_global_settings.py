"""Global settings of Keras that a user's program or keras.json has, from `fit` to the export."""

from __future__ import annotations

import functools

import numpy as np
import pytest
import tensorflow as tf
from own_models import own_model

from keras_selflearn import SelfLearningClassifier
from keras_selflearn.estimator.saved_model import export_saved_model
from keras_selflearn.losses import CrossEntropy

pytestmark = pytest.mark.slow
N = 24
BRIGHT = np.arange(N) % 2 == 1
IMAGES = np.random.default_rng(0).integers(0, 90, (N, 32, 32, 3), np.uint8)
IMAGES[BRIGHT] += 160
LABELS = np.where(np.arange(N) < 12, BRIGHT, -1)
CASES = {
    "softmax": {"loss": CrossEntropy(label_smoothing=0.1)},
    "metric": {"loss": "arcface", "dropout": 0.2, "decay": "cosine", "ema_momentum": 0.9},
    "head": {"loss": "cross-entropy", "train": "head", "mirror": True, "image_size": 40},
    "linear embedding": {"loss": "triplet", "train": "head"},
    "own model": {"backbone": "own", "weights": "own"},
}


def set_all(*, channels=None, number_format=None, epsilon=None, policy=None):
    backend = tf.keras.backend
    if channels:
        backend.set_image_data_format(channels)
    if number_format:
        backend.set_floatx(number_format)
    if epsilon:
        backend.set_epsilon(epsilon)
    if policy:
        tf.keras.mixed_precision.set_global_policy(policy)


SETTINGS = {
    "keras.json": {"channels": "channels_first", "number_format": "float64", "epsilon": 1e-2},
    "float16": {"number_format": "float16"},
    "mixed": {"policy": "mixed_float16", "epsilon": 1e-3},
    "float64": {"policy": "float64", "channels": "channels_first"},
}


@pytest.fixture(autouse=True)
def usual_settings():
    usual = {"channels": "channels_last", "number_format": "float32", "epsilon": 1e-7}
    yield
    set_all(**usual, policy="float32")


def settings_now():
    backend = tf.keras.backend
    policy = tf.keras.mixed_precision.global_policy().name
    return backend.image_data_format(), backend.floatx(), backend.epsilon(), policy


def classifier(case):
    options = {"weights": "random", "backbone": "tiny", "epochs": 4, "learning_rate": 1e-2}
    options.update(meta_iterations=1, meta_epochs=1, random_state=0, precision="float32")
    options.update(embedding_size=8, batch_size=6)
    options.update(CASES[case])
    if options.get("backbone") == "own":
        options["backbone"] = its_model()
    return SelfLearningClassifier(**options)


@functools.lru_cache(maxsize=1)
def its_model():
    return own_model()


def outcome(case, folder):
    """What comes out of everything that a user does with a classifier."""
    tf.config.experimental.enable_op_determinism()
    fitted = classifier(case).fit(IMAGES, LABELS, validation_data=(IMAGES, BRIGHT))
    fitted.save(folder / "saved")
    loaded = SelfLearningClassifier.load(folder / "saved")
    export_saved_model(loaded, folder / "exported")
    serve = tf.saved_model.load(str(folder / "exported")).signatures["serving_default"]
    return {
        "history": [each["loss"] for each in fitted.history_],
        "labels": fitted.transduction_,
        "confidence": fitted.confidence_,
        "embedding": fitted.transform(IMAGES),
        "loaded": loaded.transform(IMAGES),
        "probabilities": loaded.predict_proba(IMAGES),
        "exported": serve(images=tf.constant(IMAGES))["embedding"].numpy(),
    }


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    its_model()  # before any setting is another

    @functools.cache
    def expect(case):
        return outcome(case, tmp_path_factory.mktemp("expected"))

    return expect


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("case", CASES)
def test_a_global_setting_of_keras_changes_nothing(case, settings, expected, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "expected cache"))
    known = expected(case)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    set_all(**SETTINGS[settings])
    before = settings_now()
    found = outcome(case, tmp_path)
    assert settings_now() == before
    for name, value in known.items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)
        assert np.asarray(found[name]).dtype == np.asarray(value).dtype
