"""A model of the user's as backbone, from `fit` to the export."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tensorflow as tf
from exporting import exported
from number_formats import SOME_MIXED
from own_models import layer_of, own_model
from sklearn.base import clone

from keras_selflearn import SelfLearningClassifier
from keras_selflearn.estimator import saving

IMAGES = np.random.default_rng(0).integers(0, 256, (12, 32, 32, 3), np.uint8)
LABELS = np.array(["cat", "dog", "-1", "-1"] * 3)


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    """Where features are kept that are computed once."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def fit(**changes):
    options = {"epochs": 1, "meta_epochs": 1, "meta_iterations": 1, "random_state": 0}
    options.update(precision="float32", selection_percent=20, batch_size=6, embedding_size=8)
    return SelfLearningClassifier(**{**options, **changes}).fit(IMAGES, LABELS)


def frozen_model():
    model = own_model()
    model.get_layer("stem_bn").trainable = False
    return model


@pytest.mark.slow
@pytest.mark.parametrize("given", ["model", "mine.h5", "mine.keras"])
@pytest.mark.parametrize("train", ["all", "head"])
def test_the_classifier_lives_without_the_file(given, train, tmp_path):
    backbone = own_model()
    if given != "model":
        backbone.save(tmp_path / given)
        backbone = str(tmp_path / given)
    classifier = fit(backbone=backbone, train=train, image_size=48)
    assert classifier.backbone is backbone
    if given != "model":
        (tmp_path / given).unlink()
    expected = classifier.transform(IMAGES)
    classifier.save(tmp_path / "saved")
    loaded = SelfLearningClassifier.load(tmp_path / "saved")
    np.testing.assert_array_equal(loaded.transform(IMAGES), expected)
    np.testing.assert_array_equal(loaded.predict(IMAGES), classifier.predict(IMAGES))
    within = {"rtol": 1e-4, "atol": 1e-5}
    np.testing.assert_allclose(
        exported(classifier, IMAGES, tmp_path / "out")["embedding"], expected, **within
    )
    np.testing.assert_allclose(
        exported(loaded, IMAGES, tmp_path / "again")["embedding"], expected, **within
    )
    loaded.save(tmp_path / "saved again")
    twice = SelfLearningClassifier.load(tmp_path / "saved again")
    np.testing.assert_array_equal(twice.transform(IMAGES), expected)


@pytest.mark.slow
def test_training_starts_from_the_model_and_leaves_it_alone():
    model = own_model()
    before = [each.copy() for each in model.get_weights()]
    classifier = fit(backbone=model, learning_rate=1e-2)
    for was, now in zip(before, model.get_weights()):
        np.testing.assert_array_equal(now, was)
    trained = classifier.network_.backbone.get_weights()
    moved = [np.abs(now - was).max() for was, now in zip(before, trained)]
    assert sum(each > 0 for each in moved) > len(moved) - 4
    statistics = classifier.network_.backbone.get_layer("stem_bn").get_weights()[2:]
    np.testing.assert_array_equal(statistics, model.get_layer("stem_bn").get_weights()[2:])


@pytest.mark.slow
def test_renewed_statistics_are_saved_and_exported(tmp_path):
    model = own_model()
    classifier = fit(backbone=model, batch_statistics=True, ema_momentum=0.5, restart=True)
    for now, was in zip(
        classifier.network_.backbone.get_layer("stem_bn").get_weights()[2:],
        model.get_layer("stem_bn").get_weights()[2:],
    ):
        assert np.abs(now - was).min() > 1e-3
    expected = classifier.transform(IMAGES)
    classifier.save(tmp_path / "saved")
    loaded = SelfLearningClassifier.load(tmp_path / "saved")
    np.testing.assert_array_equal(loaded.transform(IMAGES), expected)
    found = exported(loaded, IMAGES, tmp_path / "out")["embedding"]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    # Training again starts from the trained network, and changes it no more.
    again = fit(backbone=loaded.backbone, batch_statistics=True)
    assert again.network_.backbone is not loaded.network_.backbone
    np.testing.assert_array_equal(loaded.transform(IMAGES), expected)


@pytest.mark.slow
def test_features_that_are_computed_once_have_the_model_s_statistics():
    model = own_model(ends="vector")
    classifier = fit(
        backbone=model,
        batch_statistics=True,
        train="head-then-all",
        head_rounds=1,
        meta_iterations=1,
        pseudo_labels="revised",
        ema_momentum=0.5,
    )
    before, after = model.get_layer("stem_bn"), classifier.network_.backbone.get_layer("stem_bn")
    assert np.abs(after.get_weights()[2] - before.get_weights()[2]).min() > 1e-3
    head = fit(backbone=model, batch_statistics=True, train="head")
    expected = model(IMAGES.astype(np.float32), training=False)
    found = head.network_.featurizers[0](IMAGES, training=True)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_pixels_are_not_scaled_unless_asked():
    model = own_model(ends="vector")
    options = {"backbone": model, "train": "head", "meta_iterations": 0}
    classifier = fit(**options)
    expected = model(IMAGES.astype(np.float32), training=False)
    found = classifier.network_.featurizers[0](IMAGES, training=False)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    scaled = fit(**options, preprocessing="unit").network_.featurizers[0](IMAGES)
    expected = model(IMAGES / np.float32(255), training=False)
    np.testing.assert_allclose(scaled, expected, rtol=1e-4)


@pytest.mark.slow
def test_a_mixed_precision_leaves_the_model_s_own():
    classifier = fit(backbone=own_model(), precision=SOME_MIXED)
    assert classifier.network_.backbone.output.dtype == "float32"
    assert np.isfinite(classifier.transform(IMAGES)).all()


def test_it_can_be_cloned():
    parameters = clone(SelfLearningClassifier(backbone=own_model())).get_params()
    assert isinstance(parameters["backbone"], tf.keras.Model)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"weights": "random"}, "A model of your own has its own weights"),
        ({"backbone": "tiny", "weights": "own"}, "weights 'own' are those of a model of your own"),
        ({"preprocessing": "imagenet"}, "not for a model of your own"),
        ({"backbone": "vgg16", "batch_statistics": True}, "the network 'vgg16' has none"),
        ({"backbone": frozen_model(), "batch_statistics": True}, "the network 'mine' has none"),
        ({"backbone": own_model(size=40)}, "takes 40x40: give image_size=40"),
        ({"backbone": own_model(ends="sequence")}, "vectors"),
        ({"backbone": "none.keras"}, "There is no model file none.keras"),
    ],
)
def test_what_does_not_fit_is_said_before_any_work(changes, message, monkeypatch):
    monkeypatch.setattr("keras_selflearn.estimator.learners.network_from", None)
    with pytest.raises(ValueError, match=message):
        fit(**{"backbone": own_model(), **changes})


@pytest.fixture
def saved(tmp_path):
    fit(backbone=own_model()).save(tmp_path / "saved")
    return tmp_path / "saved"


def sign(folder):
    """Write the digest of the architecture that is there, as whoever crafted it would."""
    settings = json.loads((folder / "classifier.json").read_text())
    settings["sha256"]["backbone.json"] = saving.sha256(folder / "backbone.json")
    (folder / "classifier.json").write_text(json.dumps(settings))


def test_the_saved_architecture_is_read_by_the_rules_of_files(saved, monkeypatch):
    architecture = json.loads((saved / "backbone.json").read_text())
    layer_of(architecture, "stem_relu")["class_name"] = "Lambda"
    (saved / "backbone.json").write_text(json.dumps(architecture))
    with pytest.raises(ValueError, match="backbone.json was changed after it was saved"):
        SelfLearningClassifier.load(saved)
    sign(saved)
    monkeypatch.setattr(saving, "from_architecture", None)
    with pytest.raises(ValueError, match="'stem_relu' is of the kind 'Lambda'"):
        SelfLearningClassifier.load(saved)


def test_a_saved_classifier_opens_no_other_model(saved, tmp_path):
    settings = json.loads((saved / "classifier.json").read_text())
    settings["parameters"]["backbone"] = str(tmp_path / "other.keras")
    (saved / "classifier.json").write_text(json.dumps(settings))
    with pytest.raises(ValueError, match="its backbone is a file"):
        SelfLearningClassifier.load(saved)
