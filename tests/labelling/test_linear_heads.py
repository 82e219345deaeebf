"""Tests of the linear heads, against scikit-learn."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression

from keras_selflearn.labelling.linear_heads import (
    HEADS,
    blend,
    fit_discriminant,
    fit_logistic,
    say_of_labels,
)
from keras_selflearn.options.training import HEAD_NAMES

CHANCE = np.random.default_rng(0)
LABELS = np.repeat([0, 1, 2], 30)
VECTORS = CHANCE.normal(size=(90, 4)) + 2 * np.eye(4)[LABELS]
VECTORS = (VECTORS / np.linalg.norm(VECTORS, axis=1, keepdims=True)).astype(np.float32)


def test_logistic_regression_is_that_of_scikit_learn():
    head = fit_logistic(VECTORS, LABELS, n_classes=3)
    model = LogisticRegression(C=10, max_iter=1000).fit(VECTORS.astype(float), LABELS)
    expected = model.predict_proba(VECTORS.astype(float))
    np.testing.assert_allclose(head.probabilities(VECTORS), expected, atol=1e-5)


def test_classes_count_equally_however_many_labels_they_have():
    some = np.r_[0:30, 30:40, 60:65]
    head = fit_logistic(VECTORS[some], LABELS[some], n_classes=3)
    model = LogisticRegression(C=10, max_iter=1000, class_weight="balanced")
    model.fit(VECTORS[some].astype(float), LABELS[some])
    expected = model.predict_proba(VECTORS.astype(float))
    np.testing.assert_allclose(head.probabilities(VECTORS), expected, atol=1e-5)


def test_labels_of_one_class_that_weigh_nothing_divide_by_nothing():
    weights = np.where(LABELS == 1, 0.0, 1.0)
    head = fit_logistic(VECTORS, LABELS, n_classes=3, weights=weights)
    assert np.isfinite(head.probabilities(VECTORS)).all()


def test_two_classes_have_a_logit_each():
    two = LABELS < 2
    head = fit_logistic(VECTORS[two], LABELS[two], n_classes=2)
    model = LogisticRegression(C=10, max_iter=1000).fit(VECTORS[two].astype(float), LABELS[two])
    expected = model.predict_proba(VECTORS.astype(float))
    np.testing.assert_allclose(head.probabilities(VECTORS), expected, atol=1e-5)


def test_one_label_a_class_is_no_reason_to_warn():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit_logistic(VECTORS[[0, 30, 60]], LABELS[[0, 30, 60]], n_classes=3)


def test_the_discriminant_is_that_of_scikit_learn():
    head = fit_discriminant(VECTORS, LABELS, n_classes=3)
    # scikit-learn standardises before it shrinks; without shrinkage of unequal variances the
    # formula is checked by hand below, and here the labels that both give.
    model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.2, priors=np.ones(3) / 3)
    model.fit(VECTORS.astype(float), LABELS)
    same = head.probabilities(VECTORS).argmax(axis=1) == model.predict(VECTORS.astype(float))
    assert same.mean() > 0.95


@pytest.mark.parametrize("weighted", [False, True])
def test_the_discriminant_is_that_of_its_formula(weighted):
    weights = CHANCE.integers(1, 4, 90).astype(float) if weighted else np.ones(90)
    # A weight counts as so many copies.
    copies = np.repeat(np.arange(90), weights.astype(int))
    vectors, labels = VECTORS[copies].astype(float), LABELS[copies]
    means = np.stack([vectors[labels == c].mean(axis=0) for c in range(3)])
    covariance = np.cov((vectors - means[labels]).T, bias=True)
    shrunken = 0.8 * covariance + 0.2 * np.trace(covariance) / 4 * np.eye(4)
    distances = [
        np.einsum("ij,jk,ik->i", VECTORS - mean, np.linalg.inv(shrunken), VECTORS - mean)
        for mean in means
    ]
    likelihoods = np.exp(-np.stack(distances, axis=1) / 2)
    expected = likelihoods / likelihoods.sum(axis=1, keepdims=True)
    head = fit_discriminant(VECTORS, LABELS, n_classes=3, weights=weights)
    np.testing.assert_allclose(head.probabilities(VECTORS), expected, atol=1e-4)


@pytest.mark.parametrize("kind", HEADS)
def test_weights_count_as_copies(kind):
    weights = np.where(LABELS == 0, 3.0, 1.0)
    copies = np.repeat(np.arange(90), weights.astype(int))
    weighted = HEADS[kind](VECTORS, LABELS, n_classes=3, weights=weights)
    copied = HEADS[kind](VECTORS[copies], LABELS[copies], n_classes=3)
    np.testing.assert_allclose(
        weighted.probabilities(VECTORS), copied.probabilities(VECTORS), atol=1e-4
    )


@pytest.mark.parametrize("kind", HEADS)
def test_a_class_without_examples_is_never_predicted(kind):
    head = HEADS[kind](VECTORS, LABELS * 2, n_classes=6)
    probabilities = head.probabilities(VECTORS)
    assert np.isfinite(probabilities).all()
    assert (probabilities[:, [1, 3, 5]] == 0).all()


@pytest.mark.parametrize("scale", [0, 1e-30, 1e-12, 1e-3])
def test_images_that_are_nearly_equal_are_no_error(scale):
    vectors = (scale * CHANCE.normal(size=(12, 32))).astype(np.float32)
    labels = np.arange(12) % 2
    for centre in (0, np.eye(2, 32)[labels]):
        head = fit_discriminant((vectors + centre).astype(np.float32), labels, n_classes=2)
        assert np.isfinite(head.probabilities(vectors)).all()


def test_one_image_of_each_class_gives_the_nearest():
    head = fit_discriminant(np.eye(3, dtype=np.float32), np.arange(3), n_classes=3)
    with np.errstate(all="raise"):
        assert head.probabilities(np.eye(3, dtype=np.float32)).argmax(axis=1).tolist() == [0, 1, 2]


def test_the_labels_say_grows_with_their_number():
    says = [say_of_labels(10 * each, 10) for each in (1, 25, 100, 400)]
    np.testing.assert_allclose(says, [1 / 201, 1 / 9, 1 / 3, 2 / 3])


def test_a_blend_is_the_geometric_mean_of_probabilities():
    one, other = (fit(VECTORS, LABELS, n_classes=3) for fit in HEADS.values())
    mean = one.probabilities(VECTORS) ** 0.7 * other.probabilities(VECTORS) ** 0.3
    mean /= mean.sum(axis=1, keepdims=True)
    found = blend(one, other, 0.3)
    np.testing.assert_allclose(found.probabilities(VECTORS), mean, rtol=1e-4)
    assert found.kernel.dtype == found.bias.dtype == np.float32


def test_the_options_offer_each_head():
    assert {*HEAD_NAMES} - {"embedding"} == {*HEADS}
