"""Tests of standardised features."""

from __future__ import annotations

import numpy as np
from sklearn.preprocessing import StandardScaler, normalize

from keras_selflearn.training import feature_embedding
from keras_selflearn.training.feature_embedding import FeatureEmbedding

FEATURES = np.random.default_rng(0).gamma(2, 3, size=(50, 6)).astype(np.float32)


def test_it_is_scikit_learn_s_scaling_and_then_length_one():
    found = FeatureEmbedding.fit(FEATURES).embed(FEATURES)
    expected = normalize(StandardScaler().fit_transform(FEATURES.astype(float)))
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert found.dtype == np.float32


def test_blocks_give_what_one_block_gives(monkeypatch):
    whole = FeatureEmbedding.fit(FEATURES).embed(FEATURES)
    monkeypatch.setattr(feature_embedding, "BLOCK", 7)
    np.testing.assert_allclose(FeatureEmbedding.fit(FEATURES).embed(FEATURES), whole, atol=1e-6)


def test_features_that_never_change_count_for_nothing():
    features = FEATURES.copy()
    features[:, 2], features[:, 3] = 0, 1e6 / 3
    with np.errstate(all="raise"):
        found = FeatureEmbedding.fit(features).embed(features)
    assert (found[:, 2:4] == 0).all() and np.isfinite(found).all()


def test_equal_images_are_zeros():
    with np.errstate(all="raise"):
        found = FeatureEmbedding.fit(FEATURES[:1]).embed(FEATURES[:1])
    assert (found == 0).all()
    assert FeatureEmbedding.fit(FEATURES).embed(FEATURES[:0]).shape == (0, 6)
