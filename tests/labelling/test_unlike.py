from __future__ import annotations

import numpy as np
import pytest

from keras_selflearn.labelling import unlike
from keras_selflearn.labelling.unlike import unlike_labelled


def by_hand(embeddings, labelled):
    """The same with loops over all pairs."""
    rows = embeddings.astype(np.float64) - embeddings.astype(np.float64).mean(axis=0)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)

    def distance(i):
        others = [j for j in labelled if j != i]
        return np.mean(sorted(1 - rows[i] @ rows[j] for j in others)[:3])

    distances = [distance(i) for i in range(len(rows))]
    return [np.mean([distances[j] < each - 1e-7 for j in labelled]) for each in distances]


@pytest.mark.parametrize("at_once", [1 << 24, 20])
def test_it_equals_loops_over_all_pairs(monkeypatch, at_once):
    monkeypatch.setattr(unlike, "_AT_ONCE", at_once)
    rng = np.random.default_rng(0)
    embeddings = rng.normal(size=(60, 8)).astype(np.float32)
    labelled = rng.choice(60, 15, replace=False)
    np.testing.assert_allclose(unlike_labelled(embeddings, labelled), by_hand(embeddings, labelled))


def test_images_of_another_class_are_the_most_unlike():
    rng = np.random.default_rng(1)
    centres = 3 * np.eye(3, 16)
    truth = np.repeat([0, 1, 2], [50, 50, 20])
    embeddings = (centres[truth] + rng.normal(0, 0.5, (120, 16))).astype(np.float32)
    found = unlike_labelled(embeddings, np.concatenate([np.arange(20), 50 + np.arange(20)]))
    assert found[100:].min() == 1
    # A tenth of the labelled images is farther from the others than nine tenths of them.
    assert 0.02 < np.mean(found[truth < 2] > 0.9) < 0.3


def test_equal_images_are_like_each_other():
    assert (unlike_labelled(np.ones((6, 4), np.float32), np.array([0, 1])) == 0).all()


def test_with_a_single_label_it_is_unknown():
    assert np.isnan(unlike_labelled(np.eye(4, dtype=np.float32), np.array([2]))).all()
