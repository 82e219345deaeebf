"""A preset of KerasHub as backbone, from `fit` to the export."""

from __future__ import annotations

import json
import shutil

import hub_presets
import numpy as np
import pytest
from exporting import exported
from sklearn.base import clone

from keras_selflearn import SelfLearningClassifier
from keras_selflearn.estimator import saving
from keras_selflearn.estimator.features_once import features_folder
from keras_selflearn.network.batch_statistics import renewing_layers

IMAGES = np.random.default_rng(0).integers(0, 256, (24, 32, 32, 3), np.uint8)
LABELS = np.array(["cat", "dog", "-1", "-1"] * 6)


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    """Where features are kept that are computed once."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture(params=["DINOV2"])
def preset(request, tmp_path):
    hub_presets.save(tmp_path / "preset", request.param)
    return tmp_path / "preset"


def classifier(**changes):
    options = {"preset": "quick", "precision": "float32", "image_size": None, "random_state": 0}
    return SelfLearningClassifier(**{**options, "meta_iterations": 1, **changes})


@pytest.mark.slow
@pytest.mark.parametrize("preset", ["DenseNet"], indirect=True)
def test_batch_normalisation_renews_its_statistics_where_that_is_asked_for(preset, tmp_path):
    options = {"preset": None, "backbone": f"hub:{preset}", "weights": "own", "epochs": 1}
    subject = classifier(**options, meta_epochs=1, batch_statistics=True).fit(IMAGES, LABELS)
    kept = classifier(**options, meta_iterations=0).fit(IMAGES, LABELS)
    pairs = zip(renewing_layers(subject.network_.backbone), renewing_layers(kept.network_.backbone))
    changed = [
        np.abs(one.moving_mean.numpy() - other.moving_mean.numpy()).max() for one, other in pairs
    ]
    assert len(changed) > 3 and min(changed) > 1e-6
    subject.save(tmp_path / "saved")
    loaded = SelfLearningClassifier.load(tmp_path / "saved")
    np.testing.assert_array_equal(loaded.transform(IMAGES), subject.transform(IMAGES))


def test_statistics_that_a_preset_does_not_have_are_not_asked_for(preset):
    subject = classifier(
        preset=None, backbone=f"hub:{preset}", weights="own", batch_statistics=True
    )
    with pytest.raises(ValueError, match="has none that can be trained"):
        subject.check_parameters()


@pytest.mark.slow
@pytest.mark.parametrize("preset", ["DINOV2", "SigLIP"], indirect=True)
@pytest.mark.parametrize("beside", ["", ",tiny"])
def test_the_classifier_lives_without_the_preset(preset, beside, tmp_path):
    weights = "random" if beside else "own"
    subject = classifier(backbone=f"hub:{preset}{beside}", weights=weights, mirror=True)
    subject.fit(IMAGES, LABELS)
    assert len(list(features_folder().iterdir())) == (2 if beside else 1)
    shutil.rmtree(preset)
    expected = subject.transform(IMAGES)
    subject.save(tmp_path / "saved")
    loaded = SelfLearningClassifier.load(tmp_path / "saved")
    np.testing.assert_array_equal(loaded.transform(IMAGES), expected)
    np.testing.assert_array_equal(loaded.predict(IMAGES), subject.predict(IMAGES))
    within = {"rtol": 1e-3, "atol": 1e-5}
    np.testing.assert_allclose(
        exported(subject, IMAGES, tmp_path / "out")["embedding"], expected, **within
    )
    np.testing.assert_allclose(
        exported(loaded, IMAGES, tmp_path / "again")["embedding"], expected, **within
    )
    loaded.save(tmp_path / "saved again")
    twice = SelfLearningClassifier.load(tmp_path / "saved again")
    np.testing.assert_array_equal(twice.transform(IMAGES), expected)


@pytest.mark.slow
def test_all_of_it_can_be_trained(preset, tmp_path):
    options = {"preset": None, "train": "all", "epochs": 1, "meta_epochs": 1, "batch_size": 6}
    options.update(embedding_size=8, learning_rate=1e-2, selection_percent=20)
    subject = classifier(backbone=f"hub:{preset}", weights="own", **options).fit(IMAGES, LABELS)
    start = classifier(backbone=f"hub:{preset}", weights="own", meta_iterations=0)
    start = start.fit(IMAGES, LABELS).network_.backbone.get_weights()
    moved = [
        np.abs(now - was).max() for was, now in zip(start, subject.network_.backbone.get_weights())
    ]
    assert sum(each > 0 for each in moved) > len(moved) / 2
    assert subject.network_.seen_shape == (28, 28, 3)
    subject.save(tmp_path / "saved")
    loaded = SelfLearningClassifier.load(tmp_path / "saved")
    np.testing.assert_array_equal(loaded.transform(IMAGES), subject.transform(IMAGES))


@pytest.mark.slow
def test_the_encoder_of_a_loaded_classifier_is_a_backbone_again(preset, tmp_path):
    subject = classifier(backbone=f"hub:{preset}", weights="own").fit(IMAGES, LABELS)
    subject.save(tmp_path / "saved")
    backbone = SelfLearningClassifier.load(tmp_path / "saved").backbone
    again = clone(classifier(backbone=backbone, weights="own")).fit(IMAGES, LABELS)
    np.testing.assert_array_equal(again.transform(IMAGES), subject.transform(IMAGES))


def test_what_does_not_fit_is_said_before_any_work(preset, monkeypatch):
    monkeypatch.setattr("keras_selflearn.estimator.learners.network_from", None)
    for changes, message in (
        ({"weights": "random"}, "A preset of KerasHub has its own weights"),
        ({"preprocessing": "tf"}, "A preset of KerasHub has its own preprocessing"),
        ({"backbone": "hub:"}, "names no preset"),
        ({"backbone": "hub:./none"}, "There is no folder none"),
    ):
        options = {"backbone": f"hub:{preset}", "weights": "own", **changes}
        with pytest.raises(ValueError, match=message):
            classifier(**options).fit(IMAGES, LABELS)


@pytest.mark.slow
def test_the_saved_description_is_checked(preset, tmp_path, monkeypatch):
    folder = tmp_path / "saved"
    classifier(backbone=f"hub:{preset}", weights="own").fit(IMAGES, LABELS).save(folder)
    description = json.loads((folder / "backbone.json").read_text())
    assert description["config"]["encoder"] == "DINOV2Backbone"
    description["config"]["encoder"] = "Popen"
    (folder / "backbone.json").write_text(json.dumps(description))
    with pytest.raises(ValueError, match="backbone.json was changed after it was saved"):
        SelfLearningClassifier.load(folder)
    settings = json.loads((folder / "classifier.json").read_text())
    settings["sha256"]["backbone.json"] = saving.sha256(folder / "backbone.json")
    (folder / "classifier.json").write_text(json.dumps(settings))
    monkeypatch.setattr(saving, "from_architecture", None)
    with pytest.raises(ValueError, match="'Popen' is none of the image encoders"):
        SelfLearningClassifier.load(folder)


def test_a_saved_classifier_opens_no_preset(preset, tmp_path, monkeypatch):
    subject = SelfLearningClassifier(
        backbone="tiny", weights="random", epochs=1, meta_iterations=0, random_state=0
    )
    subject.fit(IMAGES, LABELS).save(tmp_path / "saved")
    settings = json.loads((tmp_path / "saved" / "classifier.json").read_text())
    settings["parameters"]["backbone"] = f"hub:{preset}"
    (tmp_path / "saved" / "classifier.json").write_text(json.dumps(settings))
    with pytest.raises(ValueError, match="its backbone is a file"):
        SelfLearningClassifier.load(tmp_path / "saved")
