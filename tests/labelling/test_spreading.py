"""Tests of label spreading, against its closed form and scikit-learn, and of alignment."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from keras_selflearn.labelling.similarity_graph import similarity_graph
from keras_selflearn.labelling.spreading import align, row_shares, spread, usual_mass

VECTORS = np.random.default_rng(0).normal(size=(40, 4)).astype(np.float32)
GRAPH = similarity_graph(VECTORS, dimensions=4, n_neighbors=5, exponent=3.0)
START = np.zeros((40, 3), np.float32)
START[[0, 1, 2, 3], [0, 1, 2, 0]] = 1


@pytest.mark.parametrize("alpha", [0.0, 0.5, 0.9])
def test_many_steps_give_the_closed_form(alpha):
    """(1 - alpha) (I - alpha S)^-1 Y, section 2 of Zhou et al. 2004."""
    found = spread(GRAPH, START, alpha=alpha, steps=400)
    inverse = np.linalg.inv(np.eye(40) - alpha * GRAPH.toarray().astype(np.float64))
    np.testing.assert_allclose(found, (1 - alpha) * inverse @ START, atol=1e-6)


def test_one_step_is_that_of_the_formula():
    found = spread(GRAPH, START, alpha=0.3, steps=1)
    np.testing.assert_allclose(found, 0.3 * (GRAPH.toarray() @ START) + 0.7 * START, atol=1e-7)


def test_what_no_label_reaches_stays_zero_and_becomes_the_prior():
    graph = sparse.block_diag([GRAPH, GRAPH]).tocsr()
    start = np.concatenate([START, np.zeros_like(START)])
    masses = spread(graph, start, alpha=0.9, steps=50)
    assert (masses[40:] == 0).all()
    prior = np.array([0.5, 0.3, 0.2])
    shares = row_shares(masses, prior, background=0.1)
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(shares[40:], np.tile(prior, (40, 1)), rtol=1e-6)


def test_what_little_reaches_is_nearly_the_prior():
    masses = np.array([[1, 0], [0.001, 0]], np.float32)
    shares = row_shares(masses, np.array([0.5, 0.5]), background=0.1)
    assert shares[0, 0] > 0.9 and 0.5 < shares[1, 0] < 0.51


def test_the_usual_mass_is_the_median_of_what_is_reached():
    masses = np.array([[0, 0], [1, 1], [4, 0], [0, 9]], np.float32)
    assert usual_mass(masses) == 4
    assert usual_mass(np.zeros((3, 2), np.float32)) == 1


def test_aligned_shares_have_the_means_of_the_prior():
    chance = np.random.default_rng(1)
    shares = chance.dirichlet([8, 1, 1], size=500).astype(np.float32)
    prior = np.array([0.2, 0.3, 0.5])
    aligned = align(shares, prior, steps=200)
    np.testing.assert_allclose(aligned.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(aligned.mean(axis=0), prior, atol=1e-3)
    # Within a row, the order of two classes changes by the same factor for all rows.
    factors = (aligned / shares)[:, 1] / (aligned / shares)[:, 0]
    np.testing.assert_allclose(factors, factors[0], rtol=1e-3)


def test_a_class_that_the_prior_excludes_gets_nothing():
    shares = np.array([[0.5, 0.5], [0.9, 0.1]], np.float32)
    np.testing.assert_array_equal(align(shares, np.array([1.0, 0.0])), [[1, 0], [1, 0]])
    certain = np.array([[0, 1], [0, 1]], np.float32)
    with np.errstate(all="raise"):
        assert np.isfinite(align(certain, np.array([1.0, 0.0]))).all()
