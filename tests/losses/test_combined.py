"""Tests of sums of losses."""

from __future__ import annotations

import math

import naive
import numpy as np
import pytest
import tensorflow as tf

from keras_selflearn import SelfLearningClassifier
from keras_selflearn.console.errors import InputError
from keras_selflearn.labelling import make_labeller
from keras_selflearn.losses import (
    ArcFace,
    Combined,
    Contrastive,
    CrossEntropy,
    Triplet,
    check_loss,
    get_objective,
    is_known,
)

EMBEDDINGS = naive.unit_vectors(0, 12, 4)
LABELS = np.arange(12) % 3


def outputs_and_heads(objective, n_classes=3):
    tf.keras.utils.set_random_seed(0)
    head = objective.head(n_classes)
    outputs = head(tf.constant(EMBEDDINGS))
    for each in head.heads:
        each.set_weights([w + np.float32(0.1) for w in each.get_weights()])
    return head(tf.constant(EMBEDDINGS)), [each.get_weights() for each in head.heads], outputs


def test_it_is_the_weighted_sum_of_the_losses():
    losses = (Triplet(margin=0.3), CrossEntropy(), ArcFace(scale=4.0), Contrastive(margin=0.5))
    objective = Combined(losses, (0.5, 2.0, 3.0, 0.25))
    outputs, (linear, cosines), _ = outputs_and_heads(objective)
    kernel, bias = linear
    logits = math.sqrt(4) * EMBEDDINGS @ kernel + bias
    directions = cosines[0] / np.linalg.norm(cosines[0], axis=0)
    expected = (
        0.5 * naive.triplet(LABELS, EMBEDDINGS, margin=0.3)
        + 2 * naive.cross_entropy(LABELS, logits)
        + 3 * naive.arcface(LABELS, EMBEDDINGS @ directions, scale=4.0)
        + 0.25 * naive.contrastive(LABELS, EMBEDDINGS, margin=0.5)
    )
    for labels in (LABELS, LABELS[:, None], LABELS.astype(np.float32)):
        found = objective.loss_of_classes(3)(labels, outputs)
        assert found.shape == () and float(found) == pytest.approx(expected, rel=1e-5)


def test_losses_without_a_head_share_the_embedding():
    objective = Combined((Triplet(), Contrastive()))
    assert (
        objective.head(3) is None and not objective.logits and objective.logits_head(None) is None
    )
    expected = naive.triplet(LABELS, EMBEDDINGS) + naive.contrastive(LABELS, EMBEDDINGS)
    found = objective.loss_of_classes(3)(LABELS, EMBEDDINGS)
    assert float(found) == pytest.approx(expected, rel=1e-5)


def test_what_is_known_of_a_sum_comes_from_its_losses():
    first = Combined((CrossEntropy(), Triplet()))
    assert (first.name, first.labelling) == ("cross-entropy+triplet", "softmax")
    assert first.normalized and first.logits and first.is_sum
    assert not first.needs_pairs and not first.needs_two
    second = Combined([Triplet(), ArcFace(margin=0.1)], [1, 0.5])
    assert (second.name, second.labelling) == ("triplet+arcface", "nearest")
    assert second.weights == (1, 0.5) and not second.logits
    assert Combined((Triplet(), CrossEntropy())) != first == get_objective("cross-entropy+triplet")


def test_the_labeller_gives_the_softmax_of_the_logits_that_were_trained():
    objective = Combined((Triplet(), CrossEntropy()))
    head = objective.head(3)
    logits = np.asarray(head(tf.constant(EMBEDDINGS)))[:, 4:]
    labeller = make_labeller("softmax", n_classes=3, head=objective.logits_head(head))
    found = labeller.fit(np.empty((0, 4), np.float32), np.empty(0, int)).probabilities(EMBEDDINGS)
    np.testing.assert_allclose(found, tf.nn.softmax(logits), rtol=1e-5)


@pytest.mark.parametrize(
    ("losses", "weights", "words"),
    [
        ((Triplet(),), (), "A sum of losses is 'triplet': give two or more, each once"),
        ((), (), "A sum of losses is ''"),
        ((Triplet(), Triplet(margin=2)), (), "'triplet\\+triplet': give two or more, each once"),
        ((Triplet(), ArcFace()), (1,), "loss_weights has 1 numbers, and .* 2 losses"),
        ((Triplet(), ArcFace()), (1, 0), "A number in loss_weights is 0"),
        ((Triplet(), ArcFace()), (1, float("nan")), "A number in loss_weights is nan"),
    ],
)
def test_what_is_no_sum_is_one_sentence(losses, weights, words):
    with pytest.raises(InputError, match=words):
        Combined(losses, weights)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("cross-entropy+tripplet", "did you mean 'triplet'"),
        ("cross-entropy+", "Unknown loss"),
        ("triplet+triplet", "each once"),
        (None, "Unknown loss"),
    ],
)
def test_a_name_that_is_no_sum_is_one_sentence(name, words):
    with pytest.raises(InputError, match=words):
        check_loss(name)


def test_a_sum_of_the_packages_losses_is_known():
    assert is_known("triplet") and is_known("arcface+triplet") and not is_known("triplet+mine")


def test_parameters_that_do_not_fit_the_name_are_an_error():
    assert get_objective("triplet+arcface", losses=[{"margin": 2}, {}]).losses[0].margin == 2
    with pytest.raises(ValueError, match="parameters of 1 losses"):
        get_objective("triplet+arcface", losses=[{"margin": 2}])


@pytest.mark.slow
@pytest.mark.parametrize("train", ["all", "head"])
def test_a_classifier_learns_from_a_sum_and_is_saved(train, digits, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    loss = Combined((CrossEntropy(), Triplet(margin=0.5)), (1, 0.5))
    options = {"weights": "random", "backbone": "tiny", "epochs": 60, "meta_epochs": 2}
    options.update(meta_iterations=1, random_state=0, learning_rate=3e-3, train=train)
    options.update(dropout=0.0, augment="none", batch_size=50)
    labels = np.where(np.arange(300) < 200, digits.labels[:300], -1)
    classifier = SelfLearningClassifier(loss=loss, **options).fit(digits.images[:300], labels)
    lengths = np.linalg.norm(classifier.transform(digits.test_images[:20]), axis=1)
    np.testing.assert_allclose(lengths, 1, rtol=1e-4)
    probabilities = classifier.predict_proba(digits.test_images[:200])
    trained = classifier.network_.trainer.predict(digits.test_images[:200], verbose=0)[:, -10:]
    np.testing.assert_allclose(probabilities, tf.nn.softmax(trained), rtol=1e-3, atol=1e-5)
    assert classifier.score(digits.test_images, digits.test_labels) > 0.3  # chance is 0.1
    classifier.save(tmp_path / "saved")
    loaded = SelfLearningClassifier.load(tmp_path / "saved")
    np.testing.assert_array_equal(loaded.predict_proba(digits.test_images[:200]), probabilities)
    assert loaded.objective_ == loss
