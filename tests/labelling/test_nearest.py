"""The search must find what comparing every pair in float64 finds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_selflearn.labelling import nearest as module
from keras_selflearn.labelling.nearest import nearest


def naive(embeddings, reference):
    differences = embeddings[:, None].astype(np.float64) - reference[None]
    distances = np.sqrt((differences**2).sum(axis=2))
    neighbours = distances.argmin(axis=1)
    return neighbours, distances[np.arange(len(embeddings)), neighbours]


@st.composite
def clusters(draw):
    """Embeddings around few centres, from far apart to closer than float32 can tell."""
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    n, m, d = draw(st.integers(1, 40)), draw(st.integers(1, 60)), draw(st.integers(1, 70))
    spread = 10.0 ** draw(st.integers(-7, 1))
    length = 10.0 ** draw(st.integers(-3, 3))
    centres = rng.standard_normal((draw(st.integers(1, 4)), d))
    embeddings, reference = (
        length * (centres[rng.integers(0, len(centres), k)] + spread * rng.standard_normal((k, d)))
        for k in (n, m)
    )
    return embeddings.astype(np.float32), reference.astype(np.float32)


@pytest.mark.slow
@settings(derandomize=True, deadline=None, max_examples=200)
@given(clusters())
def test_it_is_the_nearest_of_all_pairs(drawn):
    embeddings, reference = drawn
    neighbours, distances = nearest(embeddings, reference)
    _, expected = naive(embeddings, reference)
    assert (neighbours.dtype, distances.dtype) == (np.int64, np.float64)
    # By distance: of two that differ in the last digit of float64 either may be taken.
    size = np.linalg.norm(reference, axis=1).max()
    np.testing.assert_allclose(distances, expected, rtol=1e-6, atol=1e-7 * size)
    chosen = np.linalg.norm(embeddings.astype(np.float64) - reference[neighbours], axis=1)
    np.testing.assert_allclose(chosen, expected, rtol=1e-6, atol=1e-7 * size)


def test_float64_decides_between_references_that_float32_confuses():
    rng = np.random.default_rng(0)
    embeddings = rng.standard_normal((500, 64)).astype(np.float32)
    reference = np.tile(rng.standard_normal(64), (10, 1)).astype(np.float32)
    for i in range(1, 10):
        reference[i, i] = np.nextafter(reference[i, i], np.float32(9))
    neighbours, distances = nearest(embeddings, reference)
    expected = naive(embeddings, reference)
    assert len(np.unique(expected[0])) > 5
    np.testing.assert_array_equal(neighbours, expected[0])
    np.testing.assert_allclose(distances, expected[1], rtol=1e-12)


@pytest.mark.parametrize("copies", [2, module._CROWD + 1, 300])
def test_of_repeated_references_the_first_is_taken(copies):
    rng = np.random.default_rng(0)
    distinct = rng.standard_normal((7, 33)).astype(np.float32)
    reference = np.tile(distinct, (copies, 1))
    embeddings = rng.standard_normal((50, 33)).astype(np.float32)
    np.testing.assert_array_equal(nearest(embeddings, reference)[0], naive(embeddings, distinct)[0])


def test_clear_and_crowded_rows_keep_their_places():
    rng = np.random.default_rng(0)
    crowd = np.full((40, 8), 5, np.float32)
    reference = np.concatenate([rng.standard_normal((40, 8)).astype(np.float32), crowd])
    embeddings = rng.standard_normal((30, 8)).astype(np.float32)
    embeddings[::3] = 5.1
    neighbours, distances = nearest(embeddings, reference)
    expected = naive(embeddings, reference)
    np.testing.assert_array_equal(neighbours, expected[0])
    np.testing.assert_allclose(distances, expected[1], rtol=1e-6)
    assert set(neighbours[::3]) == {40}


def test_more_embeddings_than_one_part_holds(monkeypatch):
    monkeypatch.setattr(module, "_ROWS", 7)
    rng = np.random.default_rng(0)
    embeddings, reference = (rng.standard_normal((n, 5)).astype(np.float32) for n in (50, 20))
    found, expected = nearest(embeddings, reference), naive(embeddings, reference)
    np.testing.assert_array_equal(found[0], expected[0])
    np.testing.assert_allclose(found[1], expected[1], rtol=1e-12)


def test_products_beyond_float32_are_left_to_float64():
    embeddings = np.array([[1e25, 0], [0, 3e25]], np.float32)
    reference = np.array([[0, 2e25], [2e25, 0]], np.float32)
    neighbours, distances = nearest(embeddings, reference)
    np.testing.assert_array_equal(neighbours, [1, 0])
    np.testing.assert_allclose(distances, [1e25, 1e25], rtol=1e-6)


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("which", [0, 1])
def test_a_value_that_is_no_number_is_refused(value, which):
    arrays = [np.ones((3, 2), np.float32), np.ones((4, 2), np.float32)]
    arrays[which][1, 1] = value
    with pytest.raises(ValueError, match="NaN|infinity"):
        nearest(*arrays)


def test_no_embeddings():
    neighbours, distances = nearest(np.empty((0, 3), np.float32), np.ones((2, 3), np.float32))
    assert len(neighbours) == len(distances) == 0
