"""A classifier goes through pickle, joblib, copies and other processes."""

from __future__ import annotations

import copy
import io
import multiprocessing
import pickle
import warnings
from dataclasses import dataclass

import joblib
import numpy as np
import pytest
import tensorflow as tf
from sklearn.base import clone
from sklearn.model_selection import cross_validate

from keras_selflearn import SelfLearningClassifier
from keras_selflearn.console.errors import InputError, InputWarning
from keras_selflearn.losses.triplet import Triplet

N = 24
BRIGHT = np.arange(N) % 2 == 1
IMAGES = np.random.default_rng(0).integers(0, 90, (N, 32, 32, 3), np.uint8)
IMAGES[BRIGHT] += 160
LABELS = np.where(BRIGHT, "day", "night").astype(object)
LABELS[12:] = -1


@dataclass(frozen=True)
class Mine(Triplet):
    name = "mine"


def classifier(**changes):
    options = {"weights": "random", "backbone": "tiny", "epochs": 2, "loss": "triplet"}
    options.update(meta_iterations=1, meta_epochs=1, random_state=0, precision="float32")
    return SelfLearningClassifier(**{**options, **changes})


def small_model():
    layers = tf.keras.layers
    images = tf.keras.Input((32, 32, 3))
    features = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3)(images))
    return tf.keras.Model(images, features, name="small")


@pytest.fixture(scope="module")
def fitted():
    return classifier().fit(IMAGES, LABELS)


def through_joblib(clf, folder):
    joblib.dump(clf, folder / "clf.joblib")
    return joblib.load(folder / "clf.joblib")


WAYS = {
    "pickle": lambda clf, _: pickle.loads(pickle.dumps(clf)),
    "oldest protocol": lambda clf, _: pickle.loads(pickle.dumps(clf, protocol=2)),
    "joblib": through_joblib,
    "deepcopy": lambda clf, _: copy.deepcopy(clf),
    "copy": lambda clf, _: copy.copy(clf),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_what_comes_back_is_what_was_fitted(fitted, way, tmp_path):
    again = way(fitted, tmp_path)
    assert again is not fitted and again.get_params() == fitted.get_params()
    np.testing.assert_array_equal(again.transform(IMAGES), fitted.transform(IMAGES))
    np.testing.assert_array_equal(again.predict_proba(IMAGES), fitted.predict_proba(IMAGES))
    assert again.transduction_.tolist() == fitted.transduction_.tolist()
    assert again.history_ == fitted.history_ and again.n_iter_ == 1
    np.testing.assert_array_equal(again.confidence_, fitted.confidence_)
    again.network_.embedder.set_weights([0 * w for w in again.network_.embedder.get_weights()])
    assert np.any(fitted.transform(IMAGES))


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_what_is_not_fitted_stays_so(way, tmp_path):
    again = way(classifier(epochs=7), tmp_path)
    assert again.get_params() == classifier(epochs=7).get_params()
    assert not hasattr(again, "classes_")


def modules_in(content):
    """What a pickle imports, by the outermost package."""
    found = set()

    class Watched(pickle.Unpickler):
        def find_class(self, module, name):
            found.add(module.split(".")[0])
            return super().find_class(module, name)

    Watched(io.BytesIO(content)).load()
    return found


def test_a_pickle_names_nothing_but_this_package_and_numpy(fitted):
    model = classifier(backbone=[small_model(), small_model()], weights="own", train="head")
    for clf in (fitted, model):
        assert modules_in(pickle.dumps(clf)) <= {"keras_selflearn", "numpy"}


def test_a_model_of_one_s_own_keeps_its_weights():
    model = small_model()
    again = pickle.loads(pickle.dumps(classifier(backbone=model, weights="own")))
    assert again.backbone is not model
    for one, other in zip(again.backbone.get_weights(), model.get_weights()):
        np.testing.assert_array_equal(one, other)
    many = pickle.loads(pickle.dumps(classifier(backbone=[model, "tiny"])))
    assert many.backbone[1] == "tiny" and isinstance(many.backbone[0], tf.keras.Model)


def test_a_state_that_was_changed_is_refused(fitted):
    state = fitted.__getstate__()
    files = {**state["fitted_"]["files"]}
    files["arrays.npz"] = files["arrays.npz"][:-9]
    with pytest.raises(InputError, match="is damaged"):
        classifier().__setstate__({**state, "fitted_": {"files": files, "loss": None}})


@pytest.mark.slow
def test_a_fitted_model_and_loss_of_one_s_own():
    clf = classifier(backbone=small_model(), weights="own", loss=Mine(margin=0.5))
    clf.fit(IMAGES, LABELS)
    again = pickle.loads(pickle.dumps(clf))
    assert again.objective_ == Mine(margin=0.5) == again.loss
    np.testing.assert_allclose(again.transform(IMAGES), clf.transform(IMAGES), atol=1e-6)
    # The parameter is the model as it was given, which `clone` starts from.
    for one, other in zip(again.backbone.get_weights(), clf.backbone.get_weights()):
        np.testing.assert_array_equal(one, other)
    clone(again)


@pytest.mark.slow
def test_cross_validation_returns_fitted_estimators():
    names = np.where(BRIGHT, "day", "night")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InputWarning)
        found = cross_validate(classifier(), IMAGES, names, cv=2, return_estimator=True)
    again = copy.deepcopy(found["estimator"])
    for clf, each in zip(again, found["estimator"]):
        np.testing.assert_array_equal(clf.predict(IMAGES), each.predict(IMAGES))


@pytest.mark.slow
def test_a_process_of_its_own_returns_the_classifier_fitted():
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        there = pool.apply(classifier().fit, (IMAGES, LABELS))
    here = classifier().fit(IMAGES, LABELS)
    np.testing.assert_allclose(there.transform(IMAGES), here.transform(IMAGES), atol=1e-4)
    assert there.transduction_[:12].tolist() == LABELS[:12].tolist()
