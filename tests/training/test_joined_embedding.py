from __future__ import annotations

import numpy as np

from keras_selflearn.training.feature_embedding import FeatureEmbedding
from keras_selflearn.training.joined_embedding import JoinedEmbedding

CHANCE = np.random.default_rng(0)
WIDE, NARROW = CHANCE.normal(3, 50, (40, 30)), CHANCE.normal(0, 1e-3, (40, 4))
WIDE, NARROW = WIDE.astype(np.float32), NARROW.astype(np.float32)


def plain(*features):
    """Standardise, divide by the length, join and divide by the length again; in float64."""
    rows = []
    for each in features:
        each = each.astype(np.float64)
        each = (each - each.mean(axis=0)) / each.std(axis=0)
        rows.append(each / np.sqrt((each**2).sum(axis=1, keepdims=True)))
    joined = np.hstack(rows)
    return joined / np.sqrt((joined**2).sum(axis=1, keepdims=True))


def test_each_network_has_the_same_say():
    subject = JoinedEmbedding.fit([WIDE, NARROW])
    found = subject.embed([WIDE, NARROW])
    np.testing.assert_allclose(found, plain(WIDE, NARROW), atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(found[:, 30:], axis=1), 0.5**0.5, atol=1e-6)
    # The cosine of two images is the mean of their cosines by each network.
    single = [plain(each) for each in (WIDE, NARROW)]
    cosines = sum(each @ each.T for each in single) / 2
    np.testing.assert_allclose(found @ found.T, cosines, atol=1e-5)


def test_a_single_network_stays_as_it_is_to_the_bit():
    found = JoinedEmbedding.fit([WIDE]).embed([WIDE[:7]])
    np.testing.assert_array_equal(found, FeatureEmbedding.fit(WIDE).embed(WIDE[:7]))


def test_a_network_that_says_nothing_leaves_the_length_at_one():
    equal = np.ones((40, 5), np.float32)
    found = JoinedEmbedding.fit([WIDE, equal]).embed([WIDE, equal])
    np.testing.assert_allclose(found[:, :30], plain(WIDE), atol=1e-5)
    assert not found[:, 30:].any()
