"""Tests of the contrastive loss."""

from __future__ import annotations

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_selflearn.console.errors import InputError
from keras_selflearn.losses import get_objective
from keras_selflearn.losses.contrastive import contrastive_loss


@pytest.mark.parametrize("dtype", naive.DTYPES)
@settings(derandomize=True, deadline=None, max_examples=40)
@given(
    batch=naive.grid_batches(),
    margin=st.sampled_from([0.3, 1.0, 2.0]),
    power=st.sampled_from([1, 2]),
)
def test_loss_is_the_naive_one_with_repeated_embeddings(dtype, batch, margin, power):
    labels, embeddings = batch
    value, slopes = naive.value_and_gradient(
        lambda labels, outputs: contrastive_loss(labels, outputs, margin=margin, power=power),
        labels,
        embeddings,
        dtype,
    )
    expected = naive.contrastive(labels, embeddings.astype(np.float64), margin, power)
    np.testing.assert_allclose(value, expected, rtol=1e-5, atol=1e-6)
    assert np.isfinite(slopes).all()


@settings(derandomize=True, deadline=None, max_examples=60)
@given(batch=naive.unit_batches(), power=st.sampled_from([1, 2]))
def test_loss_of_unit_vectors_is_the_naive_one(batch, power):
    labels, embeddings = batch
    loss = get_objective("contrastive", power=power).loss()
    value, slopes = naive.value_and_gradient(loss, labels, embeddings)
    expected = naive.contrastive(labels, embeddings, 1.0, power)
    # Squared distances are above 1e-5 and right to 1e-6, so distances are to 2e-4.
    np.testing.assert_allclose(value, expected, atol=2e-4)
    assert np.isfinite(slopes).all()


@settings(derandomize=True, deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 1000),
    dim=st.integers(2, 8),
    labels=st.lists(st.integers(0, 1), min_size=6, max_size=6),
)
def test_repeated_unit_vectors_cost_what_rounding_allows(seed, dim, labels):
    embeddings = naive.unit_vectors(seed, 3, dim)[[0, 1, 2, 0, 1, 2]]
    value, slopes = naive.value_and_gradient(contrastive_loss, np.array(labels), embeddings)
    # Rounding leaves up to 1e-6 of a squared distance that is 0, hence 1e-3 of the distance.
    np.testing.assert_allclose(value, naive.contrastive(labels, embeddings), atol=1e-3)
    assert np.isfinite(slopes).all()


@pytest.mark.parametrize("power", [1, 2])
@pytest.mark.parametrize("seed", range(3))
def test_gradient_is_that_of_the_naive_loss(seed, power):
    labels = np.array([0, 1, 0, 2, 1, 0, 3])
    embeddings = naive.unit_vectors(seed, 7, 3)
    loss = get_objective("contrastive", power=power).loss()
    _, slopes = naive.value_and_gradient(loss, labels, embeddings)
    expected = naive.gradient(
        lambda outputs: naive.contrastive(labels, outputs, 1.0, power), embeddings
    )
    np.testing.assert_allclose(slopes, expected, atol=1e-4)


@pytest.mark.parametrize(("power", "expected"), [(1, 2.25 / 3), (2, 2.8125 / 3)])
def test_example_by_hand(power, expected):
    # Alike at 1.5; unlike at 0.25, which lacks 0.75 to the margin; unlike at 1.25, beyond it.
    embeddings = np.array([[0.0, 0.0], [1.25, 0.0], [-0.25, 0.0]], np.float32)
    value = contrastive_loss(np.array([0, 1, 1]), embeddings, power=power)
    np.testing.assert_allclose(value, expected, rtol=1e-6)


def test_one_example_costs_nothing():
    loss = get_objective("contrastive").loss()
    value, slopes = naive.value_and_gradient(loss, np.array([1]), naive.unit_vectors(0, 1, 4))
    assert value == 0.0
    np.testing.assert_array_equal(slopes, 0.0)


def test_keras_loss_has_the_margin_of_its_objective():
    labels, embeddings = np.array([0, 1]), np.array([[0.0, 0.0], [0.5, 0.0]], np.float32)
    loss = get_objective("contrastive", margin=2.0, power=2).loss()
    assert loss(labels, embeddings).numpy() == 1.5**2


def test_defaults_are_the_papers():
    objective = get_objective("contrastive")
    assert (objective.margin, objective.power) == (1.0, 1)
    assert objective.optimizer == "rmsprop"
    assert objective.normalized
    assert objective.head(5) is None


@pytest.mark.parametrize("margin", [0.0, -1.0])
def test_margin_that_is_not_positive_is_refused(margin):
    with pytest.raises(InputError, match=f"margin is {margin}"):
        get_objective("contrastive", margin=margin)


@pytest.mark.parametrize("power", [0, 3])
def test_power_other_than_1_and_2_is_refused(power):
    with pytest.raises(InputError, match=f"power is {power}"):
        get_objective("contrastive", power=power)
