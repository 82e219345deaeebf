"""Tests of ArcFace and its cosine head."""

from __future__ import annotations

import math

import naive
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of
from number_formats import needs_bfloat16

from keras_selflearn.console.errors import InputError
from keras_selflearn.losses import get_objective
from keras_selflearn.losses.arcface import CosineHead, arcface_loss
from keras_selflearn.network.precision import precision_policy

PI = math.pi
ANGLES = [0.0, 0.01, 0.3, 1.0, PI / 2, 2.0, PI - 0.5, PI - 0.4, PI - 0.1, PI - 0.01, PI]


@st.composite
def cosine_batches(draw, cosines):
    n, n_classes = draw(st.integers(1, 12)), draw(st.integers(1, 4))
    labels = draw(arrays_of.arrays(np.int64, n, elements=st.integers(0, n_classes - 1)))
    return labels, draw(arrays_of.arrays(np.float32, (n, n_classes), elements=cosines))


def assert_is_naive(batch, scale, margin, dtype):
    labels, cosines = batch
    value, slopes = naive.value_and_gradient(
        lambda labels, outputs: arcface_loss(labels, outputs, scale=scale, margin=margin),
        labels,
        cosines,
        dtype,
    )
    expected = naive.arcface(labels, cosines.astype(np.float64).tolist(), scale, margin)
    np.testing.assert_allclose(value, expected, rtol=1e-5, atol=1e-6 * scale)
    assert np.isfinite(slopes).all()


@pytest.mark.parametrize("dtype", naive.DTYPES)
@settings(derandomize=True, deadline=None, max_examples=30)
@given(
    # 128ths are exact in 16 bits, too.
    batch=cosine_batches(st.integers(-128, 128).map(lambda numerator: numerator / 128)),
    scale=st.sampled_from([1.0, 30.0]),
    margin=st.sampled_from([0.0, 0.5, 1.5]),
)
def test_loss_is_the_naive_one(dtype, batch, scale, margin):
    assert_is_naive(batch, scale, margin, dtype)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(batch=cosine_batches(st.floats(-1, 1, width=32)))
@example(batch=(np.array([0]), np.array([[np.nextafter(np.float32(1), 0, dtype="f4"), 1]], "f4")))
def test_loss_is_the_naive_one_however_near_a_cosine_is_to_its_ends(batch):
    assert_is_naive(batch, 30.0, 0.5, "float32")


@pytest.mark.parametrize("other", [0.0, 1.0, PI])
@pytest.mark.parametrize("angle", ANGLES)
def test_margin_is_added_to_the_angle_of_the_true_class(angle, other):
    cosines = np.cos([[other, angle]]).astype(np.float32)
    value, slopes = naive.value_and_gradient(
        get_objective("arcface").loss(), np.array([1]), cosines
    )
    with_margin = [[30 * math.cos(other), 30 * math.cos(angle + 0.5)]]
    # An angle of 0.01 is known to 6e-6 from its cosine in float32, and the scale is 30.
    np.testing.assert_allclose(value, naive.cross_entropy([1], with_margin), rtol=1e-5, atol=2e-4)
    assert np.isfinite(slopes).all()


@pytest.mark.parametrize("seed", range(3))
def test_gradient_is_that_of_the_naive_loss(seed):
    labels = np.array([0, 2, 1, 1, 0])
    cosines = np.random.default_rng(seed).uniform(-0.95, 0.95, (5, 3)).astype(np.float32)
    _, slopes = naive.value_and_gradient(get_objective("arcface").loss(), labels, cosines)
    expected = naive.gradient(lambda outputs: naive.arcface(labels, outputs.tolist()), cosines)
    np.testing.assert_allclose(slopes, expected, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("angle", [0.01, PI - 0.4, PI - 0.01])
def test_gradient_near_the_ends_is_that_of_the_angle(angle):
    # Slope of cos(angle + m) against cos(angle): sin(angle + m) / sin(angle).
    cosines = np.cos([[angle, 1.0]]).astype(np.float32)
    _, slopes = naive.value_and_gradient(
        lambda labels, outputs: arcface_loss(labels, outputs, scale=1.0), np.array([0]), cosines
    )
    odds = math.exp(math.cos(1.0) - math.cos(angle + 0.5))
    expected = -odds / (1 + odds) * math.sin(angle + 0.5) / math.sin(angle)
    np.testing.assert_allclose(slopes[0, 0], expected, rtol=2e-3)


def test_cosines_that_rounding_took_past_1_keep_loss_and_gradient_finite():
    beyond = np.nextafter(np.float32(1), np.float32(2))
    cosines = np.array([[beyond, 0.0], [0.0, -beyond]], np.float32)
    value, slopes = naive.value_and_gradient(
        get_objective("arcface").loss(), np.array([0, 1]), cosines
    )
    expected = naive.arcface([0, 1], [[1.0, 0.0], [0.0, -1.0]])
    np.testing.assert_allclose(value, expected, rtol=1e-5)
    assert np.isfinite(slopes).all()


def test_gradient_at_angles_0_and_pi_is_finite_when_compiled_by_xla():
    # TensorFlow's own kernels take 0 / 0 in the slope of the root for 0; XLA gives NaN.
    @tf.function(jit_compile=True)
    def gradient(cosines):
        with tf.GradientTape() as tape:
            tape.watch(cosines)
            value = arcface_loss(tf.constant([0, 1]), cosines)
        return tape.gradient(value, cosines)

    slopes = gradient(tf.constant([[1.0, 0.0], [0.0, -1.0]]))
    assert np.isfinite(slopes).all()


@pytest.mark.parametrize(("scale", "margin"), [(10.0, 0.5), (30.0, 0.2)])
def test_keras_loss_has_the_parameters_of_its_objective(scale, margin):
    labels, cosines = np.array([0, 1]), np.array([[0.3, 0.1], [0.9, -0.2]], np.float32)
    value = get_objective("arcface", scale=scale, margin=margin).loss()(labels, cosines)
    expected = naive.arcface(labels, cosines.astype(np.float64).tolist(), scale, margin)
    np.testing.assert_allclose(value, expected, rtol=1e-5)


def head_with(kernel: np.ndarray) -> CosineHead:
    head = get_objective("arcface").head(kernel.shape[1])
    head(tf.zeros((1, len(kernel))))
    head.set_weights([kernel])
    return head


def cosine(one, other) -> float:
    product = sum(a * b for a, b in zip(one, other))
    return product / (math.hypot(*one) * math.hypot(*other))


def assert_outputs_cosines(head: CosineHead, embeddings: np.ndarray, kernel: np.ndarray):
    cosines = head(tf.constant(embeddings))
    assert cosines.dtype == tf.float32
    expected = [[cosine(row, column) for column in kernel.T] for row in embeddings]
    np.testing.assert_allclose(cosines, expected, atol=1e-6)


@pytest.mark.parametrize(
    "policy", ["float32", pytest.param("mixed_bfloat16", marks=needs_bfloat16)]
)
@settings(derandomize=True, deadline=None, max_examples=15)
@given(seed=st.integers(0, 1000), dim=st.integers(2, 8), length=st.sampled_from([0.01, 1.0, 50.0]))
def test_head_outputs_true_cosines_in_float32(policy, seed, dim, length):
    rng = np.random.default_rng(seed)
    embeddings = (rng.normal(size=(5, dim)) * length).astype(np.float32)
    kernel = rng.normal(size=(dim, 3)).astype(np.float32) * 3
    with precision_policy(policy):
        assert_outputs_cosines(head_with(kernel), embeddings, kernel)


@needs_bfloat16
def test_head_survives_its_config():
    kernel = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    embeddings = naive.unit_vectors(1, 5, 4)
    head = head_with(kernel)
    # What was made for float32 stays so, whatever the policy it is made again under.
    with precision_policy("mixed_bfloat16"):
        again = CosineHead.from_config(head.get_config())
        again(tf.constant(embeddings))
        again.set_weights(head.get_weights())
        assert_outputs_cosines(again, embeddings, kernel)
    assert (again.name, again.n_classes) == (head.name, 3)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("label", [0, 1])
def test_embeddings_on_a_weight_vector_keep_loss_and_gradients_finite(sign, label):
    kernel = np.random.default_rng(0).normal(size=(5, 20)).astype(np.float32)
    # Twenty directions: rounding takes the cosines of some past 1.
    assert_loss_through_head(kernel, sign * 0.7 * kernel.T, label)


@pytest.mark.parametrize("label", [0, 1])
def test_zero_embedding_has_cosines_of_0_and_keeps_loss_and_gradients_finite(label):
    kernel = np.random.default_rng(0).normal(size=(5, 2)).astype(np.float32)
    assert_loss_through_head(kernel, np.zeros((3, 5), np.float32), label)


def assert_loss_through_head(kernel: np.ndarray, embeddings: np.ndarray, label: int):
    head = head_with(kernel)
    labels = np.full(len(embeddings), label)
    embeddings = tf.constant(embeddings)
    with tf.GradientTape() as tape:
        tape.watch(embeddings)
        cosines = head(embeddings)
        value = get_objective("arcface").loss()(labels, cosines)
    slopes = tape.gradient(value, [embeddings, *head.trainable_variables])
    expected = naive.arcface(labels, np.clip(cosines.numpy(), -1, 1).astype(np.float64).tolist())
    np.testing.assert_allclose(value, expected, rtol=1e-5)
    assert len(slopes) == 2
    for each in slopes:
        assert np.isfinite(each).all()


def test_defaults_are_the_papers():
    objective = get_objective("arcface")
    assert (objective.scale, objective.margin) == (30.0, 0.5)
    assert objective.optimizer == "adam"


@pytest.mark.parametrize("scale", [0.0, -30.0])
def test_scale_that_is_not_positive_is_refused(scale):
    with pytest.raises(InputError, match=f"scale is {scale}"):
        get_objective("arcface", scale=scale)


@pytest.mark.parametrize("margin", [2.0, -0.1])
def test_margin_outside_a_right_angle_is_refused(margin):
    with pytest.raises(InputError, match=f"margin is {margin}"):
        get_objective("arcface", margin=margin)
