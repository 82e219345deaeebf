"""The fitted state as one value, and labellers as an axis of their own in the estimator."""

from __future__ import annotations

import signal
from dataclasses import FrozenInstanceError, dataclass, fields

import numpy as np
import pytest
import tensorflow as tf

from keras_selflearn import SelfLearningClassifier, labelling
from keras_selflearn.console.signals import Stopped
from keras_selflearn.estimator.fitted import Fitted
from keras_selflearn.estimator.label_codes import encode
from keras_selflearn.labelling.labeller import Labeller, Labels
from keras_selflearn.losses import CrossEntropy, Triplet
from keras_selflearn.selflearning.examples import LEFT_OUT, UNKNOWN_CLASS, UNLABELLED
from keras_selflearn.storage.checkpoint import Checkpoints

N = 40
BRIGHT = np.arange(N) % 2
IMAGES = np.random.default_rng(0).integers(0, 90, (N, 32, 32, 3), np.uint8)
IMAGES += (BRIGHT * 160).astype(np.uint8)[:, None, None, None]
LABELS = np.where(np.arange(N) < 10, BRIGHT, -1)


def classifier(**changes):
    options = {"weights": "random", "backbone": "tiny", "epochs": 25, "meta_epochs": 1}
    options.update(meta_iterations=2, random_state=0, precision="float32", learning_rate=1e-2)
    options.update(selection_percent=20)
    return SelfLearningClassifier(**{**options, **changes})


@pytest.fixture(scope="module")
def fitted():
    return classifier(loss="triplet").fit(IMAGES, LABELS)


@pytest.mark.slow
def test_the_public_attributes_are_the_fields(fitted):
    state = fitted.fitted_
    assert isinstance(state, Fitted)
    for attribute, field in {
        "classes_": "classes",
        "transduction_": "labels",
        "labeled_iter_": "labelled_in",
        "confidence_": "confidence",
        "matched_": "nearest",
        "flips_": "flips",
        "calibration_": "calibration",
        "reference_": "reference",
        "history_": "history",
        "termination_condition_": "termination",
        "image_shape_": "image_shape",
        "fitted_parameters_": "parameters",
        "objective_": "objective",
        "labeller_": "labeller",
        "network_": "network",
    }.items():
        assert getattr(fitted, attribute) is getattr(state, field)
    assert fitted.n_iter_ == len(state.history) - 1 == 2
    assert len(fields(Fitted)) == 15


def test_the_state_is_frozen(fitted):
    with pytest.raises(FrozenInstanceError):
        fitted.fitted_.classes = np.arange(3)


def test_there_are_no_attributes_before_fit():
    assert not hasattr(classifier(), "classes_") and not hasattr(classifier(), "n_iter_")


@pytest.mark.slow
def test_a_fit_that_fails_leaves_the_state_of_an_earlier_one():
    clf = classifier(meta_iterations=0).fit(IMAGES, LABELS)
    before = clf.fitted_
    with pytest.raises(ValueError, match="The loss became"):
        clf.set_params(learning_rate=1e30, loss=CrossEntropy()).fit(IMAGES, LABELS)
    assert clf.fitted_ is before


@pytest.mark.slow
def test_cross_entropy_may_label_by_the_nearest_neighbour(tmp_path):
    clf = classifier(loss="cross-entropy", labelling="nearest", n_neighbors=3, min_confidence=-50)
    clf.fit(IMAGES, LABELS)
    chosen = clf.labeled_iter_ > 0
    assert (
        chosen.any() and (clf.matched_[chosen] >= 0).all() and (clf.confidence_[chosen] < 0).all()
    )
    assert clf.reference_.tolist() == list(range(10))
    thirds = 3 * clf.predict_proba(IMAGES)
    np.testing.assert_allclose(thirds, np.round(thirds), atol=1e-6)
    clf.save(tmp_path / "clf")
    loaded = SelfLearningClassifier.load(tmp_path / "clf")
    assert loaded.labelling == "nearest"
    np.testing.assert_array_equal(loaded.predict_proba(IMAGES), clf.predict_proba(IMAGES))


@pytest.mark.slow
@pytest.mark.parametrize("loss", ["cross-entropy", "triplet"])
def test_the_default_is_the_loss_s_own(loss):
    default = classifier(loss=loss).fit(IMAGES, LABELS)
    asked = {"cross-entropy": "softmax", "triplet": "nearest"}[loss]
    same = classifier(loss=loss, labelling=asked).fit(IMAGES, LABELS)
    np.testing.assert_array_equal(default.confidence_, same.confidence_)
    np.testing.assert_array_equal(default.transduction_, same.transduction_)


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"labelling": "softmaxx"}, "Unknown labelling 'softmaxx': did you mean 'softmax'"),
        ({"labelling": "softmax", "loss": "triplet"}, "'softmax' needs a loss with logits"),
        ({"labelling": "nearest", "n_neighbors": 11}, "n_neighbors is 11, but only 10 images"),
        ({"labelling": "nearest", "min_confidence": 0.5}, "give a number at most 0[.]"),
    ],
)
def test_labelling_that_can_t_be_is_an_error_before_any_training(changes, match, monkeypatch):
    monkeypatch.setattr("keras_selflearn.estimator.learners.network_from", None)
    with pytest.raises(ValueError, match=match):
        classifier(**changes).fit(IMAGES, LABELS)


class Together(Labeller):
    """Gives all unlabelled images at once: the brighter half of them are of class 1."""

    name = "together"
    needs_unlabelled = True

    def fit(self, reference, labels, unlabelled=None):
        super().fit(reference, labels)
        means = np.stack([reference[self.labels == each].mean(axis=0) for each in (0, 1)])
        self.direction = means[1] - means[0]
        seen = reference if unlabelled is None else unlabelled
        self.middle = float(np.median(seen @ self.direction))
        self.unlabelled = self.label(seen)
        return self

    def label(self, embeddings):
        side = embeddings @ self.direction > self.middle
        ones = np.ones(len(embeddings))
        return Labels(side.astype(np.int64), ones, np.full(len(ones), -1))

    def probabilities(self, embeddings):
        return np.eye(2, dtype=np.float32)[self.label(embeddings).labels]

    def label_unlabelled(self):
        return self.unlabelled

    def arrays(self):
        learned = {"direction": self.direction, "middle": np.array([self.middle])}
        return {**super().arrays(), **learned}

    @classmethod
    def check_arrays(cls, arrays, setting, embedding_size):
        arrays = dict(arrays)
        if len(arrays.pop("direction")) != embedding_size or len(arrays.pop("middle")) != 1:
            raise ValueError("its direction does not fit its embedding_size")
        super().check_arrays(arrays, setting, embedding_size)

    @classmethod
    def from_arrays(cls, arrays, setting):
        labeller = cls(setting)
        labeller.reference, labeller.labels = arrays["reference"], arrays["reference_labels"]
        labeller.direction, labeller.middle = arrays["direction"], float(arrays["middle"][0])
        return labeller


@pytest.fixture
def together(monkeypatch):
    monkeypatch.setattr(labelling, "_LABELLERS", dict(labelling._LABELLERS))
    labelling.register_labeller(Together)


@pytest.mark.slow
@pytest.mark.parametrize("order", ["label-first", "train-first"])
def test_a_labeller_may_look_at_all_unlabelled_images_together(together, order, tmp_path):
    clf = classifier(labelling="together", order=order)
    clf.fit(IMAGES, LABELS, validation_data=(IMAGES, BRIGHT))
    chosen = clf.labeled_iter_ > 0
    assert chosen.sum() == clf.history_[1]["selected"] + clf.history_[2]["selected"] > 0
    np.testing.assert_array_equal(clf.transduction_[chosen], BRIGHT[chosen])
    np.testing.assert_array_equal(clf.predict(IMAGES), BRIGHT)
    clf.save(tmp_path / "clf")
    loaded = SelfLearningClassifier.load(tmp_path / "clf")
    np.testing.assert_array_equal(loaded.predict(IMAGES), clf.predict(IMAGES))
    labelling._LABELLERS.pop("together")
    with pytest.raises(ValueError, match="a labeller of its own, 'together': give the class to"):
        SelfLearningClassifier.load(tmp_path / "clf")


@pytest.mark.slow
@pytest.mark.parametrize("order", ["label-first", "train-first"])
def test_it_looks_at_the_same_images_after_a_stop(together, order, tmp_path, monkeypatch):
    def fit(**options):
        test_set = IMAGES[:37], BRIGHT[:37]
        clf = classifier(labelling="together", order=order)
        return clf.fit(IMAGES, LABELS, validation_data=test_set, **options)

    expected = fit()
    measured = []
    label = Together.label

    def stop_at_the_last(self, embeddings):
        measured.extend([1] if len(embeddings) == 37 else [])
        if len(measured) == 3:
            raise Stopped(signal.SIGTERM)
        return label(self, embeddings)

    monkeypatch.setattr(Together, "label", stop_at_the_last)
    with pytest.raises(Stopped):
        fit(checkpoints=Checkpoints(tmp_path))
    monkeypatch.setattr(Together, "label", label)
    found = fit(checkpoints=Checkpoints(tmp_path))
    assert len(found.labeller_.unlabelled.labels) == len(expected.labeller_.unlabelled.labels)
    np.testing.assert_array_equal(found.labeled_iter_ >= 0, expected.labeled_iter_ >= 0)


@pytest.mark.slow
def test_a_loss_may_name_a_labeller_of_one_s_own(together, tmp_path):
    @dataclass(frozen=True)
    class Mine(Triplet):
        name = "mine"
        labelling = "together"

    clf = classifier(loss=Mine()).fit(IMAGES, LABELS)
    assert type(clf.labeller_) is Together
    clf.save(tmp_path / "clf")
    loaded = SelfLearningClassifier.load(tmp_path / "clf", loss=Mine())
    np.testing.assert_array_equal(loaded.predict(IMAGES), clf.predict(IMAGES))


def test_marks_in_the_place_of_a_label_have_one_meaning_each():
    assert len({UNLABELLED, LEFT_OUT, UNKNOWN_CLASS}) == 3
    encoded = encode(np.array(["b", "z", "a"]), np.array(["a", "b"]))
    assert encoded.tolist() == [1, UNKNOWN_CLASS, 0]


@pytest.mark.slow
def test_a_class_that_training_does_not_have_is_wrong_and_not_left_out():
    names = np.array(["dark", "bright", "never seen"])
    given = np.where(LABELS < 0, "-1", names[BRIGHT])
    truth = names[BRIGHT]
    truth[-8:] = "never seen"
    clf = classifier(loss=CrossEntropy(), meta_iterations=1)
    clf.fit(IMAGES, given, validation_data=(IMAGES, truth), true_labels=truth)
    assert clf.history_[-1]["test_accuracy"] == 80
    assert clf.history_[-1]["unlabelled_accuracy"] == pytest.approx(100 * 22 / 30)
    assert tf.reduce_all(clf.classes_ == np.array(["bright", "dark"]))
