from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from keras_selflearn.labelling.doubt import doubt_of, probabilities_out_of_fold


def clusters(n, n_classes, d=40, seed=0):
    chance = np.random.default_rng(seed)
    labels = np.arange(n) % n_classes
    centres = 2.5 * chance.normal(size=(n_classes, d)) / np.sqrt(d) * 3
    return (centres[labels] + chance.normal(size=(n, d))).astype(np.float32), labels


def test_wrong_labels_are_the_most_doubted():
    embeddings, truth = clusters(400, 4)
    chance = np.random.default_rng(1)
    swapped = chance.choice(400, 40, replace=False)
    labels = truth.copy()
    labels[swapped] = (labels[swapped] + chance.integers(1, 4, 40)) % 4
    probabilities = probabilities_out_of_fold(embeddings, labels, n_classes=4, seed=0)
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    doubt = doubt_of(probabilities, labels)
    assert ((doubt >= 0) & (doubt <= 1)).all()
    assert roc_auc_score(labels != truth, doubt) > 0.97
    assert np.isin(swapped, np.argsort(-doubt)[:60]).mean() > 0.9


def test_a_label_says_nothing_of_its_own_doubt():
    """Where embeddings know nothing of labels, a label is as good as a guess."""
    chance = np.random.default_rng(2)
    embeddings = chance.normal(size=(300, 500)).astype(np.float32)
    labels = chance.integers(0, 3, 300)
    probabilities = probabilities_out_of_fold(embeddings, labels, n_classes=3, seed=0)
    right = (probabilities.argmax(axis=1) == labels).mean()
    assert abs(right - 1 / 3) < 4 * np.sqrt(2 / 9 / 300)


def test_the_only_image_of_a_class_is_not_doubted():
    embeddings, labels = clusters(30, 3)
    labels = np.append(labels[:-1], 3)
    probabilities = probabilities_out_of_fold(embeddings, labels, n_classes=5, seed=0)
    assert np.isnan(probabilities[-1]).all() and np.isfinite(probabilities[:-1]).all()
    assert np.isnan(doubt_of(probabilities, labels)[-1])


@pytest.mark.parametrize(("n", "d"), [(4, 1000), (12, 3), (40, 1)])
def test_few_images_and_few_dimensions_are_enough(n, d):
    embeddings, labels = clusters(n, 2, d)
    found = probabilities_out_of_fold(embeddings, labels, n_classes=2, seed=0)
    assert found.shape == (n, 2) and np.isfinite(found).all()


def test_classes_of_one_image_each_can_t_be_doubted():
    embeddings, labels = clusters(3, 3)
    found = probabilities_out_of_fold(embeddings, labels, n_classes=3, seed=0)
    assert np.isnan(found).all()


def test_images_that_are_all_equal_are_as_probable_as_their_classes():
    labels = np.arange(20) % 2
    found = probabilities_out_of_fold(np.ones((20, 8), np.float32), labels, n_classes=2, seed=0)
    np.testing.assert_allclose(found, 0.5, atol=0.05)


def test_a_seed_decides():
    embeddings, labels = clusters(60, 3)
    first, again, other = (
        probabilities_out_of_fold(embeddings, labels, n_classes=3, seed=seed) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
