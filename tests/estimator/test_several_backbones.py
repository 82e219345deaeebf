"""Two networks side by side, from `fit` to the export."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tensorflow as tf
from exporting import exported
from own_models import own_model
from sklearn.base import clone

from keras_selflearn import SelfLearningClassifier
from keras_selflearn.estimator import features_once, saving
from keras_selflearn.estimator.features_once import features_folder
from keras_selflearn.storage.checkpoint import Checkpoints

IMAGES = np.random.default_rng(0).integers(0, 256, (24, 32, 32, 3), np.uint8)
LABELS = np.array(["cat", "dog", "-1", "-1"] * 6)


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    """Where features are kept that are computed once."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def classifier(**changes):
    options = {"preset": "quick", "backbone": ["tiny", own_model()], "weights": "random"}
    options.update(precision="float32", image_size=None, meta_iterations=2, random_state=0)
    return SelfLearningClassifier(**{**options, **changes})


@pytest.mark.slow
@pytest.mark.parametrize("given", ["models", "text"])
def test_the_classifier_lives_without_the_files(given, tmp_path):
    backbone = ["tiny", own_model(), own_model(ends="vector")]
    if given == "text":
        own_model().save(tmp_path / "mine.h5")
        backbone = f"{tmp_path / 'mine.h5'},tiny"
    subject = classifier(backbone=backbone, image_size=48, mirror=True).fit(IMAGES, LABELS)
    assert subject.backbone is backbone
    (tmp_path / "mine.h5").unlink(missing_ok=True)
    expected = subject.transform(IMAGES)
    np.testing.assert_allclose(np.linalg.norm(expected, axis=1), 1, atol=1e-5)
    subject.save(tmp_path / "saved")
    loaded = SelfLearningClassifier.load(tmp_path / "saved")
    np.testing.assert_array_equal(loaded.transform(IMAGES), expected)
    np.testing.assert_array_equal(loaded.predict(IMAGES), subject.predict(IMAGES))
    np.testing.assert_array_equal(loaded.transduction_, subject.transduction_)
    within = {"rtol": 1e-4, "atol": 1e-5}
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
@pytest.mark.parametrize(
    ("changes", "n_voters"),
    [({"labelling": "vote"}, 5), ({"labelling": "vote", "loss": "triplet", "epochs": 1}, 2)],
)
def test_each_network_votes_and_so_it_is_saved_and_exported(changes, n_voters, tmp_path):
    # A trained embedding has no columns of one network or the other.
    subject = classifier(**changes).fit(IMAGES, LABELS)
    shares = n_voters * subject.confidence_[subject.labeled_iter_ > 0]
    np.testing.assert_allclose(shares, np.round(shares), atol=1e-6)
    expected = subject.predict_proba(IMAGES)
    np.testing.assert_allclose(n_voters * expected, np.round(n_voters * expected), atol=1e-5)
    subject.save(tmp_path / "saved")
    loaded = SelfLearningClassifier.load(tmp_path / "saved")
    np.testing.assert_array_equal(loaded.predict_proba(IMAGES), expected)
    served = exported(loaded, IMAGES, tmp_path / "exported")
    # An image between two classes may get another vote: the network is computed in another order.
    assert np.mean(np.abs(served["probabilities"] - expected).max(axis=1) < 1e-5) > 0.8


@pytest.mark.slow
def test_predictions_are_those_of_the_cached_features():
    subject = classifier(meta_iterations=0, labelling=None)
    subject.fit(IMAGES, LABELS, validation_data=(IMAGES[:8], np.array(["cat", "dog"] * 4)))
    right = subject.predict(IMAGES[:8]) == np.array(["cat", "dog"] * 4)
    assert subject.history_[0]["test_accuracy"] == pytest.approx(100 * right.mean())


@pytest.mark.slow
def test_one_more_network_leaves_the_features_of_the_others(monkeypatch):
    model, other = own_model(), own_model(ends="vector")
    classifier(backbone=model, weights="own").fit(IMAGES, LABELS)
    computed = []
    real = features_once.compute_features

    def compute(featurizer, *arguments, tell, **named):
        done = []
        found = real(featurizer, *arguments, tell=lambda *how_far: done.append(how_far), **named)
        computed.append(len(done))
        return found

    monkeypatch.setattr(features_once, "compute_features", compute)
    before = {*features_folder().iterdir()}
    other.set_weights([each + 0.1 for each in other.get_weights()])
    classifier(backbone=[model, other], weights="own").fit(IMAGES, LABELS)
    assert computed == [0, 1] and len({*features_folder().iterdir()} - before) == 1
    classifier(backbone=[other, model], weights="own").fit(IMAGES, LABELS)
    assert computed == [0, 1, 0, 0]


@pytest.mark.slow
def test_a_stopped_fit_goes_on_with_the_same_networks_alone(tmp_path):
    class Stop(Exception):
        pass

    class StopAfterOne:
        def on_meta_iteration_end(self, record, learner):
            if record.meta_iteration == 1:
                raise Stop

    expected = classifier().fit(IMAGES, LABELS)
    checkpoints = Checkpoints(tmp_path / "checkpoints", minutes=5)
    with pytest.raises(Stop):
        classifier().fit(IMAGES, LABELS, checkpoints=checkpoints, callbacks=[StopAfterOne()])
    for other in ("tiny", ["tiny", own_model(ends="vector")], [own_model(), "tiny"]):
        with pytest.raises(ValueError, match="backbone"):
            classifier(backbone=other).fit(IMAGES, LABELS, checkpoints=checkpoints)
    found = classifier().fit(IMAGES, LABELS, checkpoints=checkpoints)
    np.testing.assert_array_equal(found.transduction_, expected.transduction_)
    assert found.history_ == expected.history_


def test_a_list_can_be_cloned():
    parameters = clone(classifier()).get_params()
    name, model = parameters["backbone"]
    assert name == "tiny" and isinstance(model, tf.keras.Model)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"train": "all"}, "backbone names 2 networks, and only a head is fitted on several"),
        ({"backbone": "tiny,tiny", "train": "all"}, "backbone names 2 networks"),
        ({"backbone": "tiny,vgg"}, "Unknown backbone 'vgg'"),
        ({"backbone": []}, "backbone names 0 networks"),
        ({"backbone": "tiny,vgg16", "preprocessing": "imagenet"}, "not for backbone 'tiny'"),
        ({"backbone": ["tiny", own_model(size=40)]}, "takes 40x40: give image_size=40"),
        ({"backbone": "tiny,Xception"}, "Xception needs at least 71x71"),
    ],
)
def test_what_does_not_fit_is_said_before_any_work(changes, message, monkeypatch):
    monkeypatch.setattr("keras_selflearn.estimator.learners.network_from", None)
    with pytest.raises(ValueError, match=message):
        classifier(**changes).fit(IMAGES, LABELS)


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        return classifier().fit(IMAGES, LABELS)


@pytest.fixture
def saved(fitted, tmp_path):
    fitted.save(tmp_path / "saved")
    return tmp_path / "saved"


def change(folder, backbone):
    """Write another backbone, and the digests of the files that are there."""
    settings = json.loads((folder / "classifier.json").read_text())
    settings["parameters"]["backbone"] = backbone
    for path in folder.glob("backbone*.json"):
        settings["sha256"][path.name] = saving.sha256(path)
    (folder / "classifier.json").write_text(json.dumps(settings))


def test_each_model_has_its_own_file(saved):
    assert sorted(path.name for path in saved.iterdir()) == [
        "arrays.npz", "backbone-2.json", "classifier.json", "model.weights.h5",
    ]  # fmt: skip
    settings = json.loads((saved / "classifier.json").read_text())
    assert settings["parameters"]["backbone"] == ["tiny", "own"]


@pytest.mark.parametrize(
    ("backbone", "message"),
    [
        (["own"], "backbone-1.json is missing"),
        (["tiny"], "a list of one"),
        ("tiny,other.keras", "its backbone is a file"),
        ("other.keras,tiny", "its backbone is a file"),
        (["tiny", "other.keras"], "its backbone is a file"),
        (["tiny", {"class_name": "Lambda"}], "damaged"),
        (["tiny"] * 9, "names 9 networks"),
        (["vgg16", "own"], "does not fit its classes and embedding_size"),
    ],
)
def test_a_saved_classifier_names_nothing_else(saved, backbone, message):
    change(saved, backbone)
    with pytest.raises(ValueError, match=message):
        SelfLearningClassifier.load(saved)


def test_the_saved_architecture_is_read_by_the_rules_of_files(saved, monkeypatch):
    path = saved / "backbone-2.json"
    path.write_text(path.read_text().replace('"ReLU"', '"Lambda"'))
    with pytest.raises(ValueError, match="backbone-2.json was changed after it was saved"):
        SelfLearningClassifier.load(saved)
    change(saved, ["tiny", "own"])
    monkeypatch.setattr(saving, "from_architecture", None)
    with pytest.raises(ValueError, match="of the kind 'Lambda'"):
        SelfLearningClassifier.load(saved)
