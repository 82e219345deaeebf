"""Tests of the graph of most similar images, against brute force in NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_selflearn.labelling import similarity_graph as module
from keras_selflearn.labelling.similarity_graph import (
    most_similar,
    principal_components,
    similarity_graph,
    unit_rows,
)


def brute_force(queries, reference, k, same):
    """All similarities, sorted: the larger first, then the earlier row."""
    similarities = queries.astype(np.float64) @ reference.astype(np.float64).T
    found = []
    for i, row in enumerate(similarities):
        columns = [j for j in range(len(row)) if not (same and i == j)]
        found.append(sorted(columns, key=lambda j: (-row[j], j))[:k])
    return np.array(found)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 300), st.integers(1, 5), st.booleans())
def test_neighbours_are_those_of_brute_force(seed, n, k, same):
    chance = np.random.default_rng(seed)
    # Eighths have exact products, and many of them are equal.
    reference = (chance.integers(-4, 5, (n, 3)) / 8).astype(np.float32)
    queries = reference if same else (chance.integers(-4, 5, (7, 3)) / 8).astype(np.float32)
    k = min(k, n - same)
    neighbours, similarities = most_similar(queries, reference, k, same=same)
    np.testing.assert_array_equal(neighbours, brute_force(queries, reference, k, same))
    expected = np.take_along_axis(queries @ reference.T, neighbours, axis=1)
    np.testing.assert_array_equal(similarities, expected)


def test_blocks_give_what_one_block_gives(monkeypatch):
    vectors = np.random.default_rng(0).normal(size=(700, 4)).astype(np.float32)
    whole = most_similar(vectors, vectors, 6, same=True)
    monkeypatch.setattr(module, "_MEBIBYTES_OF_SIMILARITIES", 1)
    parts = most_similar(vectors, vectors, 6, same=True)
    np.testing.assert_array_equal(parts[0], whole[0])
    np.testing.assert_allclose(parts[1], whole[1], rtol=1e-6)


def test_rows_get_length_one_but_for_zeros():
    rows = unit_rows(np.array([[3, 4], [0, 0]], np.float32))
    np.testing.assert_allclose(rows, [[0.6, 0.8], [0, 0]], rtol=1e-6)


@pytest.mark.parametrize("size", [1, 3, 9])
def test_principal_components_are_those_of_the_singular_values(size):
    vectors = np.random.default_rng(1).normal(size=(50, 5)).astype(np.float32) * [5, 4, 3, 2, 1]
    vectors = vectors.astype(np.float32)
    found = principal_components(vectors, size)
    centred = vectors - vectors.mean(axis=0)
    left, values, _ = np.linalg.svd(centred.astype(np.float64), full_matrices=False)
    expected = (left * values)[:, :size]
    assert found.shape == expected.shape
    np.testing.assert_allclose(np.abs(found), np.abs(expected), atol=1e-3)


def dense_graph(vectors, n_neighbors, exponent):
    """S by its formula, in float64."""
    centred = vectors.astype(np.float64) - vectors.mean(axis=0)
    units = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    weights = np.zeros((len(units), len(units)))
    similarities = units @ units.T
    for i, neighbours in enumerate(brute_force(units, units, n_neighbors, True)):
        weights[i, neighbours] = np.maximum(similarities[i, neighbours], 0) ** exponent
    weights += weights.T
    degrees = weights.sum(axis=1)
    return weights / np.sqrt(np.outer(degrees, degrees))


def test_the_graph_is_that_of_the_formula():
    vectors = np.random.default_rng(2).normal(size=(60, 6)).astype(np.float32)
    graph = similarity_graph(vectors, dimensions=6, n_neighbors=4, exponent=3.0)
    np.testing.assert_allclose(graph.toarray(), dense_graph(vectors, 4, 3.0), atol=1e-5)
    assert abs(graph - graph.T).max() < 1e-6


def test_opposite_images_are_not_joined():
    vectors = np.array([[1, 0], [1, 0.1], [-1, 0], [-1, 0.1]], np.float32)
    graph = similarity_graph(vectors, dimensions=2, n_neighbors=3, exponent=1.0).toarray()
    assert (graph >= 0).all()
    assert (graph[:2, 2:] == 0).all() and graph[0, 1] > 0 and graph[2, 3] > 0


@pytest.mark.parametrize("n", [1, 2, 5])
def test_more_neighbours_than_images_join_all(n):
    vectors = np.random.default_rng(3).normal(size=(n, 3)).astype(np.float32) + 9
    graph = similarity_graph(vectors, dimensions=3, n_neighbors=10, exponent=1.0)
    assert graph.shape == (n, n) and np.isfinite(graph.toarray()).all()
    assert (graph.diagonal() == 0).all()


def test_equal_images_have_no_joins_and_nothing_divides_by_zero():
    vectors = np.ones((5, 3), np.float32)
    with np.errstate(all="raise"):
        graph = similarity_graph(vectors, dimensions=3, n_neighbors=2, exponent=3.0)
    assert graph.nnz == 0
