from __future__ import annotations

import numpy as np
import pytest

from keras_selflearn.runs.projection import choose_points, obstacle, project


@pytest.mark.parametrize(
    "embeddings",
    [
        np.eye(4, 16),
        np.repeat(np.eye(2, 16), 10, axis=0),
        np.linspace(0, 1, 20)[:, None],
        np.where(np.arange(20)[:, None] == 7, 6e-8, 0) * np.ones(16),
        np.where(np.arange(20)[:, None] == 7, 6e4, 0) * np.ones(16),
    ],
    ids=["four points", "two places", "one dimension", "almost equal", "far apart"],
)
def test_meagre_embeddings_are_projected(embeddings):
    points = project(embeddings.astype(np.float16), seed=0)
    assert points.shape == (len(embeddings), 2) and np.isfinite(points).all()


def test_classes_stay_together_in_the_projection():
    rng = np.random.default_rng(0)
    labels = np.arange(60) % 3
    centres = rng.normal(0, 3, (3, 16))
    embeddings = (centres[labels] + rng.normal(0, 0.1, (60, 16))).astype(np.float16)
    points = project(embeddings, seed=0)
    distances = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    np.testing.assert_array_equal(labels[distances.argmin(axis=1)], labels)


def test_the_points_chosen_are_balanced_and_fixed_by_the_seed():
    labels = np.repeat([0, 1, 2], [50, 30, 3])
    chosen = choose_points(labels, 3, 31, seed=0)
    assert np.bincount(labels[chosen]).tolist() == [10, 10, 3]
    assert len(set(chosen.tolist())) == 23 and (np.diff(chosen) > 0).all()
    np.testing.assert_array_equal(chosen, choose_points(labels, 3, 31, seed=0))
    assert chosen.tolist() != choose_points(labels, 3, 31, seed=1).tolist()


def test_more_classes_than_points_leave_some_classes_out():
    labels = np.repeat(np.arange(40), 3)
    chosen = choose_points(labels, 40, 25, seed=0)
    assert len(chosen) == 25 and np.bincount(labels[chosen]).max() == 1


def test_what_t_sne_cannot_draw():
    good = np.eye(5)
    assert obstacle(good) is None
    assert obstacle(good[:3]) == "too few images"
    assert obstacle(np.where(good == 1, np.nan, good)) == "embeddings are not finite"
    assert obstacle(np.ones((5, 2))) == "all embeddings are equal"
