"""Tests of the softmax cross-entropy."""

from __future__ import annotations

import naive
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from keras_selflearn.console.errors import InputError
from keras_selflearn.labelling import labeller_class, make_labeller
from keras_selflearn.losses import get_objective


@st.composite
def logit_batches(draw):
    n, n_classes = draw(st.integers(1, 12)), draw(st.integers(1, 4))
    # Quarters are exact in 16 bits, too.
    quarters = draw(arrays_of.arrays(np.int16, (n, n_classes), elements=st.integers(-80, 80)))
    labels = draw(arrays_of.arrays(np.int64, n, elements=st.integers(0, n_classes - 1)))
    return labels, (quarters / 4).astype(np.float32)


@pytest.mark.parametrize("dtype", naive.DTYPES)
@settings(derandomize=True, deadline=None, max_examples=40)
@given(batch=logit_batches())
def test_loss_is_the_naive_one(dtype, batch):
    labels, logits = batch
    value, slopes = naive.value_and_gradient(
        get_objective("cross-entropy").loss(), labels, logits, dtype
    )
    expected = naive.cross_entropy(labels, logits.astype(np.float64).tolist())
    np.testing.assert_allclose(value, expected, rtol=1e-5, atol=1e-5)
    assert np.isfinite(slopes).all()


@pytest.mark.parametrize("seed", range(3))
def test_gradient_is_that_of_the_naive_loss(seed):
    labels = np.array([0, 2, 1, 1, 0])
    logits = np.random.default_rng(seed).normal(size=(5, 3)).astype(np.float32)
    _, slopes = naive.value_and_gradient(get_objective("cross-entropy").loss(), labels, logits)
    expected = naive.gradient(lambda outputs: naive.cross_entropy(labels, outputs), logits)
    np.testing.assert_allclose(slopes, expected, atol=1e-5)


def test_probabilities_that_round_to_0_and_1_keep_loss_and_gradient_finite():
    logits = np.array([[1000.0, -1000.0], [1000.0, -1000.0]], np.float32)
    value, slopes = naive.value_and_gradient(
        get_objective("cross-entropy").loss(), np.array([0, 1]), logits
    )
    assert value == 1000.0
    np.testing.assert_allclose(slopes, [[0.0, 0.0], [0.5, -0.5]], atol=1e-6)


@pytest.mark.parametrize("smoothing", [0.1, 0.5])
def test_smoothed_labels_are_those_of_keras(smoothing):
    rng = np.random.default_rng(0)
    labels, logits = rng.integers(0, 4, 9), rng.normal(0, 3, (9, 4)).astype(np.float32)
    ours = get_objective("cross-entropy", label_smoothing=smoothing).loss()
    keras = tf.keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing)
    value, slopes = naive.value_and_gradient(ours, labels, logits)
    one_hot = np.eye(4, dtype=np.float32)[labels]
    expected, expected_slopes = naive.value_and_gradient(keras, one_hot, logits)
    np.testing.assert_allclose(value, expected, rtol=1e-5)
    np.testing.assert_allclose(slopes, expected_slopes, atol=1e-6)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_soft_targets_are_those_of_keras(smoothing):
    rng = np.random.default_rng(0)
    targets = rng.dirichlet(np.ones(4), 9).astype(np.float32)
    targets[0] = [0, 0, 1, 0]
    logits = rng.normal(0, 3, (9, 4)).astype(np.float32)
    ours = get_objective("cross-entropy", label_smoothing=smoothing).loss()
    keras = tf.keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing)
    value, slopes = naive.value_and_gradient(ours, targets, logits)
    expected, expected_slopes = naive.value_and_gradient(keras, targets, logits)
    np.testing.assert_allclose(value, expected, rtol=1e-5)
    np.testing.assert_allclose(slopes, expected_slopes, atol=1e-6)


@pytest.mark.parametrize("smoothing", [-0.1, 1.0, "some"])
def test_smoothing_out_of_range_is_refused(smoothing):
    with pytest.raises(InputError, match="label smoothing"):
        get_objective("cross-entropy", label_smoothing=smoothing)


def test_head_is_linear_and_its_labeller_takes_the_most_probable_class():
    objective = get_objective("cross-entropy")
    embeddings = np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)
    head = objective.head(3)
    head(tf.constant(embeddings))
    head.set_weights([np.arange(12.0).reshape(4, 3) % 5 - 2, np.array([0.5, 0.0, -1.0])])
    kernel, bias = head.get_weights()
    logits = head(tf.constant(embeddings)).numpy()
    np.testing.assert_allclose(logits, embeddings @ kernel + bias, atol=1e-5)

    labeller = make_labeller(objective.labelling, head=head, n_classes=3)
    labeller.fit(np.empty((0, 4), np.float32), np.empty(0, np.int64))
    labels, confidences, _ = labeller.label(embeddings)
    np.testing.assert_array_equal(labels, logits.argmax(axis=1))
    # The loss of one example is minus the logarithm of its label's probability.
    losses = [naive.cross_entropy([label], [row]) for label, row in zip(labels, logits)]
    np.testing.assert_allclose(confidences, np.exp(np.negative(losses)), rtol=1e-5)


def test_paper_trains_it_with_adam_and_labels_without_reference():
    objective = get_objective("cross-entropy")
    assert objective.optimizer == "adam"
    assert not labeller_class(objective.labelling).needs_reference
