"""Weights of given labels."""

from __future__ import annotations

import numpy as np
import pytest

from keras_selflearn import SelfLearningClassifier
from keras_selflearn.console.errors import InputError
from keras_selflearn.estimator.inputs import check_sample_weight
from keras_selflearn.losses import get_objective
from keras_selflearn.losses.combined import Combined
from keras_selflearn.losses.cross_entropy import CrossEntropy
from keras_selflearn.losses.triplet import Triplet
from keras_selflearn.storage.checkpoint import Checkpoints

N = 24
BRIGHT = np.arange(N) % 2
IMAGES = np.random.default_rng(0).integers(0, 90, (N, 32, 32, 3), np.uint8)
IMAGES += (BRIGHT * 160).astype(np.uint8)[:, None, None, None]
SOME = np.where(np.arange(N) < 12, BRIGHT, -1)
HEADS = {"train": "head", "head": "embedding"}
CODES = np.array([0, 1, 1, -1, -2])


@pytest.fixture(autouse=True)
def features_here(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def classifier(**changes):
    options = {"weights": "random", "backbone": "tiny", "epochs": 20, "learning_rate": 1e-2}
    options.update(meta_iterations=0, random_state=0, precision="float32")
    return SelfLearningClassifier(**{**options, **changes})


def test_weights_are_of_given_labels_alone():
    found = check_sample_weight([0.5, 2, 0, np.nan, -7], CODES, CrossEntropy())
    assert found.dtype == np.float32 and found.tolist() == [0.5, 2, 0, 1, 1]
    for loss in (CrossEntropy(), Triplet()):
        assert check_sample_weight(None, CODES, loss) is None
        assert check_sample_weight([1, 1, 1, 0, 9], CODES, loss) is None


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1, 1], r"has shape \(2,\) for 5 images"),
        (3.0, r"has shape \(\) for 5 images"),
        ([-1, 1, 1, 1, 1], "negative, infinite or NaN"),
        ([1, np.nan, 1, 1, 1], "negative, infinite or NaN"),
        ([1, np.inf, 1, 1, 1], "negative, infinite or NaN"),
        (["a"] * 5, "what is no number"),
        ([0, 1, 1, 1, 1], "is zero for all labelled images of a class"),
    ],
)
def test_weights_that_can_t_be_are_refused(weights, message):
    with pytest.raises(InputError, match=f"sample_weight .*{message}"):
        check_sample_weight(weights, CODES, CrossEntropy())


@pytest.mark.parametrize(
    "loss",
    [Triplet(), get_objective("contrastive"), Combined((CrossEntropy(), Triplet()))],
    ids=lambda loss: loss.name,
)
def test_losses_without_a_value_for_each_image_refuse_them(loss):
    with pytest.raises(InputError, match=f"loss .{loss.name[1:6]}.* no value for each image"):
        classifier(loss=loss).fit(IMAGES, SOME, sample_weight=np.arange(N))


@pytest.mark.slow
@pytest.mark.parametrize("head", ["logistic", "discriminant"])
def test_a_head_counts_an_image_of_weight_2_twice(head):
    images = np.concatenate([IMAGES, IMAGES[:3]])
    twice = np.concatenate([SOME, SOME[:3]])
    once = np.concatenate([SOME, [-1, -1, -1]])
    weights = np.where(np.arange(len(images)) < 3, 2.0, 1.0)
    options = {"train": "head", "head": head, "labelling": "softmax"}
    expected, found, other = (
        classifier(**options).fit(images, y, sample_weight=w).network_.head.get_weights()[0]
        for y, w in ((twice, None), (once, weights), (once, None))
    )
    largest = np.abs(expected).max()
    np.testing.assert_allclose(found, expected, atol=1e-3 * largest)
    assert np.abs(other - expected).max() > 1e-2 * largest


@pytest.mark.slow
@pytest.mark.parametrize("options", [{}, HEADS])
def test_a_training_does_not_learn_what_weighs_nothing(options):
    wrong = np.arange(N) < 4
    given = np.where(wrong, 1 - SOME, SOME)
    learned = [
        classifier(**options, epochs=40).fit(IMAGES, given, sample_weight=weights)
        for weights in (np.where(wrong, 0.0, 1.0), np.where(wrong, 9.0, 1.0))
    ]
    without, heavy = (clf.score(IMAGES[~wrong], BRIGHT[~wrong]) for clf in learned)
    assert without == 1 and heavy < 0.8


@pytest.mark.slow
def test_pseudo_labels_are_trained_on_beside_weighed_labels():
    options = {"meta_iterations": 2, "meta_epochs": 1, "selection_percent": 50}
    for train in ("all", "head"):
        clf = classifier(**options, train=train)
        clf.fit(IMAGES, SOME, sample_weight=np.where(np.arange(N) < 6, 3.0, 0.5))
        assert clf.score(IMAGES, BRIGHT) == 1 and clf.n_iter_ == 2


@pytest.mark.slow
@pytest.mark.parametrize("train", ["all", "head"])
def test_a_checkpoint_of_other_weights_is_refused(tmp_path, train):
    def fit(weights):
        clf = classifier(train=train, epochs=1)
        return clf.fit(
            IMAGES, SOME, sample_weight=weights, checkpoints=Checkpoints(tmp_path / "kept")
        )

    first = np.arange(N) + 1.0
    fit(first)
    fit(np.where(SOME < 0, 99, first))  # the weights of unlabelled images mean nothing
    for other in (first + 1, None):
        with pytest.raises(ValueError, match="is of another run: sample_weight was '"):
            fit(other)
