from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import pytest

from keras_selflearn import SelfLearningClassifier
from keras_selflearn.losses import loss_names
from keras_selflearn.losses.arcface import ArcFace
from keras_selflearn.losses.triplet import Triplet

IMAGES = np.random.default_rng(0).integers(0, 256, (20, 32, 32, 3), np.uint8)
LABELS = np.array(["cat", "dog", "-1", "-1"] * 5)


def fit(**changes):
    options = {"weights": "random", "backbone": "tiny", "epochs": 1, "meta_epochs": 1}
    options.update(meta_iterations=1, random_state=0, precision="float32", selection_percent=20)
    return SelfLearningClassifier(**{**options, **changes}).fit(IMAGES, LABELS)


@pytest.fixture
def saved(tmp_path):
    fit(loss="triplet").save(tmp_path / "clf")
    return tmp_path / "clf"


@pytest.mark.parametrize("loss", loss_names())
def test_a_loaded_classifier_is_the_one_saved(loss, tmp_path):
    clf = fit(loss=loss)
    clf.save(tmp_path / "clf")
    loaded = SelfLearningClassifier.load(tmp_path / "clf")
    np.testing.assert_array_equal(loaded.transform(IMAGES), clf.transform(IMAGES))
    np.testing.assert_array_equal(loaded.predict_proba(IMAGES), clf.predict_proba(IMAGES))
    np.testing.assert_array_equal(loaded.predict(IMAGES), clf.predict(IMAGES))
    for name in ("classes_", "transduction_", "labeled_iter_", "confidence_"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(clf, name))
    for name in ("history_", "n_iter_", "termination_condition_", "image_shape_"):
        assert getattr(loaded, name) == getattr(clf, name)
    assert loaded.get_params()["epochs"] == 1


def test_parameters_of_the_loss_are_kept(tmp_path):
    fit(loss=ArcFace(scale=16, margin=0.25)).save(tmp_path / "clf")
    assert SelfLearningClassifier.load(tmp_path / "clf").loss == ArcFace(scale=16, margin=0.25)


def test_squared_distance_is_kept_and_absent_ones_are_the_defaults(tmp_path):
    fit(loss=Triplet(distance="squared"), order="train-first").save(tmp_path / "clf")
    loaded = SelfLearningClassifier.load(tmp_path / "clf")
    assert loaded.loss == Triplet(distance="squared") and loaded.order == "train-first"
    settings = json.loads((tmp_path / "clf" / "classifier.json").read_text())
    del settings["loss_parameters"]["distance"]
    del settings["parameters"]["order"], settings["parameters"]["validation_features"]
    (tmp_path / "clf" / "classifier.json").write_text(json.dumps(settings))
    older = SelfLearningClassifier.load(tmp_path / "clf")
    assert older.loss == Triplet() and older.order == "label-first"
    assert older.validation_features == "as-is"
    np.testing.assert_array_equal(older.predict(IMAGES), loaded.predict(IMAGES))


def test_files_hold_no_pickle_and_no_optimiser(saved):
    assert sorted(file.name for file in saved.iterdir()) == [
        "arrays.npz",
        "classifier.json",
        "model.weights.h5",
    ]
    with np.load(saved / "arrays.npz", allow_pickle=False) as arrays:
        assert {arrays[name].dtype.kind for name in arrays} <= set("Uif")
    n_weights = SelfLearningClassifier.load(saved).network_.trainer.count_params()
    assert (saved / "model.weights.h5").stat().st_size < 4 * n_weights + 100_000


def test_loss_of_one_s_own_is_given_to_load(tmp_path):
    @dataclass(frozen=True)
    class Mine(Triplet):
        name = "mine"

    fit(loss=Mine()).save(tmp_path / "clf")
    with pytest.raises(ValueError, match="loss of its own, 'mine'"):
        SelfLearningClassifier.load(tmp_path / "clf")
    loaded = SelfLearningClassifier.load(tmp_path / "clf", loss=Mine())
    assert loaded.loss == Mine()


def test_what_was_fitted_is_saved_whatever_was_set_since(tmp_path):
    clf = fit(loss="cross-entropy", n_neighbors=np.int64(1))
    clf.set_params(loss="arcface", embedding_size=7).save(tmp_path / "clf")
    loaded = SelfLearningClassifier.load(tmp_path / "clf")
    assert loaded.objective_.name == "cross-entropy" and loaded.embedding_size == 256
    np.testing.assert_array_equal(loaded.predict(IMAGES), clf.predict(IMAGES))


def test_nothing_is_overwritten(saved):
    before = (saved / "arrays.npz").read_bytes()
    with pytest.raises(ValueError, match="not empty"):
        fit(loss="arcface").save(saved)
    assert (saved / "arrays.npz").read_bytes() == before


def test_missing_folder_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="no saved classifier in"):
        SelfLearningClassifier.load(tmp_path / "none")


@pytest.mark.parametrize("name", ["arrays.npz", "classifier.json", "model.weights.h5"])
def test_damaged_file_is_an_error(saved, name):
    content = (saved / name).read_bytes()
    (saved / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(ValueError, match="damaged"):
        SelfLearningClassifier.load(saved)


def test_pickled_array_is_refused(saved):
    np.savez(saved / "arrays.npz", classes=np.array([{}], object))
    with pytest.raises(ValueError, match="damaged"):
        SelfLearningClassifier.load(saved)


def test_missing_or_foreign_settings_are_errors(saved):
    settings = json.loads((saved / "classifier.json").read_text())
    for broken in ({**settings, "format": 99}, [], {"format": 1}):
        (saved / "classifier.json").write_text(json.dumps(broken))
        with pytest.raises(ValueError, match="format 1|damaged"):
            SelfLearningClassifier.load(saved)


def test_weights_of_another_network_are_an_error(saved, tmp_path):
    fit(loss="triplet", embedding_size=8).save(tmp_path / "other")
    (tmp_path / "other" / "model.weights.h5").replace(saved / "model.weights.h5")
    with pytest.raises(ValueError, match="not those of the classifier"):
        SelfLearningClassifier.load(saved)
