"""Tests of labels by several views of an image."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from keras_selflearn import SelfLearningClassifier
from keras_selflearn.losses import get_objective
from keras_selflearn.network.embedding import embed
from keras_selflearn.network.model import build_network
from keras_selflearn.training.label_views import embed_views, views_of

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 32, 48, 3), np.uint8)


def moved(images, down, right):
    """By whole pixels; the pixels at the edge are repeated."""
    rows = np.clip(np.arange(images.shape[1]) + down, 0, images.shape[1] - 1)
    columns = np.clip(np.arange(images.shape[2]) + right, 0, images.shape[2] - 1)
    return images[:, rows][:, :, columns]


# A sixteenth of 32 rows and of 48 columns.
MOVED = [moved(IMAGES, *by) for by in ((0, 0), (-2, 0), (2, 0), (0, -3), (0, 3))]
EXPECTED = {
    (): MOVED[:1],
    ("flip",): [IMAGES, IMAGES[:, :, ::-1]],
    ("shift",): MOVED,
    ("shift", "flip"): [*MOVED, *(each[:, :, ::-1] for each in MOVED)],
}


@pytest.mark.parametrize("names", EXPECTED)
def test_views_are_the_image_its_mirror_image_and_small_shifts(names):
    views = views_of(names)
    assert len(views) == len(EXPECTED[names])
    for view, expected in zip(views, EXPECTED[names]):
        found = view(tf.constant(IMAGES))
        assert found.dtype == tf.uint8 and found.shape == IMAGES.shape
        np.testing.assert_array_equal(found, expected)


@pytest.mark.slow
@pytest.mark.parametrize("loss", ["cross-entropy", "triplet"])
def test_their_embeddings_are_averaged_and_unit_where_they_must_be(loss):
    objective = get_objective(loss)
    tf.keras.utils.set_random_seed(0)
    network = build_network(
        backbone="tiny", weights="random", image_shape=(32, 48, 3), n_classes=3, dropout=0.0,
        objective=objective, embedding_size=6, optimizer="adam", learning_rate=1e-3,
        precision="float32",
    )  # fmt: skip
    indices = np.array([4, 0, 2])
    views = views_of(("shift", "flip"))
    found = embed_views(network, IMAGES, indices, views=views, normalized=objective.normalized)
    mean = np.mean([embed(network, each, indices) for each in EXPECTED["shift", "flip"]], axis=0)
    if objective.normalized:
        mean /= np.linalg.norm(mean, axis=1, keepdims=True)
    np.testing.assert_allclose(found, mean, rtol=1e-4, atol=1e-6)
    assert np.abs(found - embed(network, IMAGES, indices)).max() > 1e-4


@pytest.mark.slow
def test_only_pseudo_labels_are_given_by_views(digits):
    """A run that does not train on its pseudo-labels is measured as if there were none."""
    # With the smallest steps, two trainings differ by less than any label depends on.
    options = {"weights": "random", "backbone": "tiny", "epochs": 1, "meta_epochs": 1}
    options.update(meta_iterations=1, random_state=0, learning_rate=1e-8, order="train-first")
    options.update(selection_percent=100, precision="float32")
    labels = np.where(np.arange(200) < 100, digits.labels[:200], -1)
    one, several = (
        SelfLearningClassifier(label_views=views, **options).fit(
            digits.images[:200], labels, validation_data=(digits.test_images, digits.test_labels)
        )
        for views in ("none", "flip,shift")
    )
    assert (one.confidence_[100:] != several.confidence_[100:]).any()
    accuracies = [[each["test_accuracy"] for each in clf.history_] for clf in (one, several)]
    assert accuracies[0] == pytest.approx(accuracies[1])
