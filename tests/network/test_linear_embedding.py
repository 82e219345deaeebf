"""Tests of a network with a linear embedding of features that are not trained."""

from __future__ import annotations

import numpy as np
import pytest

from keras_selflearn.losses import get_objective, loss_names
from keras_selflearn.network.linear_embedding import build_embedding_network

CHANCE = np.random.default_rng(0)
IMAGES = CHANCE.integers(0, 256, (20, 32, 40, 3), np.uint8)


def network(loss):
    return build_embedding_network(
        objective=get_objective(loss),
        embedding_size=5,
        optimizer="adam",
        learning_rate=1e-3,
        n_classes=3,
        backbone="tiny",
        weights="random",
        image_shape=(32, 40, 3),
        precision="float32",
    )


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.mark.slow
@pytest.mark.parametrize("loss", loss_names())
def test_images_and_features_have_the_same_embedding(loss):
    subject = network(loss)
    scale, shift = (CHANCE.normal(size=32).astype(np.float32) for _ in range(2))
    subject.set_embedding([(scale, shift)])
    kernel, bias = CHANCE.normal(size=(32, 5)), CHANCE.normal(size=5)
    subject.trained.trainer.get_layer("embedding").set_weights([kernel, bias])
    rows = unit(subject.featurizers[0].predict(IMAGES, verbose=0) * scale + shift)
    expected = rows @ kernel + bias
    if loss != "cross-entropy":
        expected = unit(expected)
    rows = rows.astype(np.float32)
    indices = np.array([3, 0, 19])
    within = {"rtol": 1e-3, "atol": 1e-5}
    np.testing.assert_allclose(subject.embed_batch(IMAGES), expected, **within)
    np.testing.assert_allclose(subject.embed_features(rows, indices), expected[indices], **within)
    whole = subject.trainer.predict(IMAGES, verbose=0)
    np.testing.assert_allclose(subject.trained.trainer.predict(rows, verbose=0), whole, **within)
    trained = [tuple(each.shape) for each in subject.trained.trainer.trainable_variables]
    heads = {"cross-entropy": [(5, 3), (3,)], "arcface": [(5, 3)]}
    assert trained == [(32, 5), (5,), *heads.get(loss, [])]
