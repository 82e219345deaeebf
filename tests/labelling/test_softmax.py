"""Tests of labelling by softmax."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from keras_selflearn.labelling import make_labeller


class Head:
    """A layer, as far as a labeller knows it."""

    def __init__(self, kernel, bias):
        self.weights = [kernel, bias]

    def get_weights(self):
        return self.weights


def labeller_of(kernel, bias):
    labeller = make_labeller("softmax", head=Head(kernel, bias), n_classes=len(bias))
    return labeller.fit(np.empty((0, len(kernel)), np.float32), np.empty(0, np.int64))


def quarters(draw, *shape: int) -> np.ndarray:
    """Numbers whose products are exact in float32, so that equal logits are equal."""
    numerators = draw(arrays_of.arrays(np.int8, shape, elements=st.integers(-12, 12)))
    return (numerators / 4).astype(np.float32)


@st.composite
def heads_and_embeddings(draw):
    n, dim, n_classes = draw(st.integers(1, 12)), draw(st.integers(2, 8)), draw(st.integers(1, 4))
    return quarters(draw, dim, n_classes), quarters(draw, n_classes), quarters(draw, n, dim)


def naive_probabilities(kernel, bias, embedding) -> list[float]:
    logits = [
        bias[j] + sum(embedding[i] * kernel[i][j] for i in range(len(embedding)))
        for j in range(len(bias))
    ]
    exponentials = [math.exp(logit - max(logits)) for logit in logits]
    return [each / sum(exponentials) for each in exponentials]


@settings(derandomize=True, deadline=None, max_examples=100)
@given(heads_and_embeddings())
def test_labels_and_probabilities_are_those_of_a_loop(drawn):
    kernel, bias, embeddings = drawn
    labeller = labeller_of(kernel, bias)
    labels, confidences, matched = labeller.label(embeddings)
    probabilities = labeller.probabilities(embeddings)
    assert (matched == -1).all()
    assert (labels.dtype, confidences.dtype) == (np.int64, np.float64)
    assert probabilities.dtype == np.float32
    assert labels.shape == confidences.shape == (len(embeddings),)
    for i, embedding in enumerate(embeddings.astype(np.float64)):
        expected = naive_probabilities(kernel.tolist(), bias.tolist(), embedding)
        assert labels[i] == expected.index(max(expected))
        np.testing.assert_allclose(confidences[i], max(expected), rtol=1e-5)
        np.testing.assert_allclose(probabilities[i], expected, rtol=1e-5, atol=1e-30)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, rtol=1e-6)


def test_large_logits_do_not_overflow():
    labeller = labeller_of(np.eye(2, dtype=np.float32) * 1000, np.zeros(2, np.float32))
    labels, confidences, matched = labeller.label(np.array([[5.0, 1.0], [-5.0, -1.0]], np.float32))
    np.testing.assert_array_equal(labels, [0, 1])
    np.testing.assert_array_equal(confidences, 1.0)
