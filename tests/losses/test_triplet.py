"""Tests of the semi-hard triplet loss."""

from __future__ import annotations

import functools

import naive
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from keras_selflearn.console.errors import InputError
from keras_selflearn.losses import get_objective
from keras_selflearn.losses.triplet import triplet_semihard_loss

POWERS = {"euclidean": 1, "squared": 2}
CORNERS = np.array([[1, 0], [0, 1], [-1, 0], [0, -1], [1, 0], [0, 1]], np.float32)


@pytest.fixture(scope="module")
def addons_loss():
    losses = pytest.importorskip("tensorflow_addons.losses")
    # Addons compiles itself anew for each shape of batch, which takes longer than all else here.
    tf.config.run_functions_eagerly(True)
    yield losses.triplet_semihard_loss
    tf.config.run_functions_eagerly(False)


@pytest.mark.parametrize("dtype", naive.DTYPES)
@settings(derandomize=True, deadline=None, max_examples=40)
@given(
    batch=naive.grid_batches(),
    margin=st.sampled_from([0.3, 1.0, 2.0]),
    distance=st.sampled_from(list(POWERS)),
)
def test_loss_is_the_naive_one_with_ties_and_repeated_embeddings(dtype, batch, margin, distance):
    labels, embeddings = batch
    value, slopes = naive.value_and_gradient(
        functools.partial(triplet_semihard_loss, margin=margin, distance=distance),
        labels,
        embeddings,
        dtype,
    )
    expected = naive.triplet(labels, embeddings.astype(np.float64), margin, POWERS[distance])
    np.testing.assert_allclose(value, expected, rtol=1e-5, atol=1e-6)
    assert np.isfinite(slopes).all()


@settings(derandomize=True, deadline=None, max_examples=60)
@given(batch=naive.unit_batches())
def test_loss_of_unit_vectors_is_the_naive_one(batch):
    labels, embeddings = batch
    value, slopes = naive.value_and_gradient(triplet_semihard_loss, labels, embeddings)
    # Squared distances are above 1e-5 and right to 1e-6, so distances are to 2e-4.
    np.testing.assert_allclose(value, naive.triplet(labels, embeddings), atol=2e-4)
    assert np.isfinite(slopes).all()


@pytest.mark.slow
@settings(derandomize=True, deadline=None, max_examples=60)
@given(batch=naive.unit_batches())
def test_loss_of_unit_vectors_in_squared_distances_is_the_naive_one(batch):
    labels, embeddings = batch
    squared = functools.partial(triplet_semihard_loss, distance="squared")
    value, slopes = naive.value_and_gradient(squared, labels, embeddings)
    np.testing.assert_allclose(value, naive.triplet(labels, embeddings, power=2), atol=1e-5)
    assert np.isfinite(slopes).all()


@pytest.mark.parametrize("distance", POWERS)
@pytest.mark.parametrize("seed", range(4))
def test_gradient_is_that_of_the_naive_loss(seed, distance):
    labels = np.array([0, 1, 0, 2, 1, 0, 3])
    embeddings = naive.unit_vectors(seed, 7, 3)
    loss = functools.partial(triplet_semihard_loss, distance=distance)
    _, slopes = naive.value_and_gradient(loss, labels, embeddings)
    expected = naive.gradient(
        lambda outputs: naive.triplet(labels, outputs, power=POWERS[distance]), embeddings
    )
    np.testing.assert_allclose(slopes, expected, atol=1e-4)


@pytest.mark.parametrize(("distance", "cost"), [("euclidean", 2.0), ("squared", 4.0)])
def test_example_by_hand(distance, cost):
    # Anchor 0 with positive 2 (distance 2): only the negative at 3 is farther, cost 2 - 3 + 1 = 0;
    # in squares 4 - 9 + 1, hence 0.
    # Anchor 2 with positive 0 (distance 2): negatives are 1 and 1 off, none farther: cost
    # 2 - 1 + 1 = 2; in squares 4 - 1 + 1 = 4.
    labels = np.array([0, 1, 0, 1])
    embeddings = np.array([[0.0], [1.0], [2.0], [3.0]], np.float32)
    by_symmetry = [0.0, cost, cost, 0.0]
    value = triplet_semihard_loss(labels, embeddings, distance=distance)
    assert value.numpy() == np.mean(by_symmetry)


def test_without_negatives_their_distance_counts_as_0():
    value = triplet_semihard_loss(np.array([3, 3]), np.array([[0.0, 0.0], [0.6, 0.8]], np.float32))
    np.testing.assert_allclose(value, 2.0, rtol=1e-6)


@pytest.mark.parametrize("loss", [triplet_semihard_loss, get_objective("triplet").loss()])
@pytest.mark.parametrize("labels", [[2], [0, 1], [3, 1, 0, 2]])
def test_without_positive_pair_loss_and_gradient_are_0(loss, labels):
    value, slopes = naive.value_and_gradient(loss, np.array(labels), CORNERS[: len(labels)])
    assert value == 0.0
    np.testing.assert_array_equal(slopes, 0.0)


@pytest.mark.parametrize("dtype", naive.DTYPES)
# Few shapes: Addons compiles itself anew for each.
@settings(derandomize=True, deadline=None, max_examples=25)
@given(batch=naive.grid_batches(sizes=(1, 2, 7), dims=(3,)), distance=st.sampled_from(list(POWERS)))
def test_keras_loss_is_the_naive_one_with_addons_and_without(dtype, batch, distance):
    labels, embeddings = batch
    loss = get_objective("triplet", distance=distance).loss()
    value, slopes = naive.value_and_gradient(loss, labels, embeddings, dtype)
    expected = naive.triplet(labels, embeddings.astype(np.float64), power=POWERS[distance])
    np.testing.assert_allclose(value, expected, rtol=1e-5, atol=1e-6)
    assert np.isfinite(slopes).all()


def test_keras_loss_has_the_margin_of_its_objective():
    labels, embeddings = np.array([0, 0]), np.array([[0.0, 0.0], [0.6, 0.8]], np.float32)
    loss = get_objective("triplet", margin=0.25).loss()
    np.testing.assert_allclose(loss(labels, embeddings), 1.25, rtol=1e-6)


def assert_equals_addons(addons_loss, batch, margin, distance):
    labels, embeddings = batch
    # Without a positive pair Addons gives NaN.
    assume(len(set(labels.tolist())) < len(labels))
    value, slopes = naive.value_and_gradient(
        functools.partial(triplet_semihard_loss, margin=margin, distance=distance),
        labels,
        embeddings,
    )
    in_addons = {"euclidean": "L2", "squared": "squared-L2"}[distance]
    expected_value, expected_slopes = naive.value_and_gradient(
        functools.partial(addons_loss, margin=margin, distance_metric=in_addons),
        labels,
        embeddings,
    )
    np.testing.assert_allclose(value, expected_value, atol=1e-5)
    np.testing.assert_allclose(slopes, expected_slopes, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("distance", POWERS)
@settings(derandomize=True, deadline=None, max_examples=40)
@given(batch=naive.grid_batches(), margin=st.sampled_from([0.3, 1.0]))
@example(batch=(np.zeros(6, np.int64), CORNERS), margin=1.0)
@example(batch=(np.array([0, 1, 0, 1, 1, 0]), CORNERS), margin=1.0)
@example(batch=(np.array([0, 0]), CORNERS[:2]), margin=1.0)
@example(batch=(np.array([0, 0]), CORNERS[[0, 0]]), margin=1.0)
def test_equals_addons_with_ties_and_repeated_embeddings(addons_loss, distance, batch, margin):
    assert_equals_addons(addons_loss, batch, margin, distance)


@pytest.mark.slow
@pytest.mark.parametrize("distance", POWERS)
@settings(derandomize=True, deadline=None, max_examples=25)
@given(batch=naive.unit_batches(), margin=st.sampled_from([0.3, 1.0]))
def test_equals_addons_on_unit_vectors(addons_loss, distance, batch, margin):
    assert_equals_addons(addons_loss, batch, margin, distance)


def test_defaults_are_the_papers():
    objective = get_objective("triplet")
    assert (objective.margin, objective.distance) == (1.0, "euclidean")
    assert objective.optimizer == "adam"
    assert objective.normalized
    assert objective.head(5) is None


@pytest.mark.parametrize("margin", [0.0, -1.0])
def test_margin_that_is_not_positive_is_refused(margin):
    with pytest.raises(InputError, match=f"margin is {margin}"):
        get_objective("triplet", margin=margin)


def test_unknown_distance_is_refused():
    with pytest.raises(InputError, match="Unknown triplet distance 'square'.*'squared'"):
        get_objective("triplet", distance="square")
