"""The gradients must be those of the convolution as its formula has it, and TensorFlow's own."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from number_formats import needs_bfloat16

from keras_selflearn.network import cpu
from keras_selflearn.network.backbone import build_backbone
from keras_selflearn.network.convolution import convolve, quicken_kernel_gradients
from keras_selflearn.network.precision import precision_policy

pytestmark = needs_bfloat16
FAST_HERE, ELSEWHERE = {"avx2", "avx512_bf16"}, {"avx512_bf16", "amx_bf16"}


@pytest.fixture
def processor(monkeypatch):
    def has(features, gpus=()):
        monkeypatch.setattr(cpu, "features", lambda: frozenset(features))
        monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: list(gpus))

    return has


def integers(*shape, seed=0):
    """Of which sums of products are exact."""
    return np.random.default_rng(seed).integers(-4, 5, shape).astype(np.float32)


def gradients(function, images, kernel, upstream):
    images, kernel = tf.constant(images), tf.constant(kernel)
    with tf.GradientTape() as tape:
        tape.watch([images, kernel])
        convolved = function(images, kernel)
    return convolved, *tape.gradient(convolved, [images, kernel], tf.constant(upstream))


def by_the_formula(images, kernel, upstream):
    """Pixel by pixel, place by place."""
    _, height, width, _ = images.shape
    found = np.zeros(upstream.shape), np.zeros(images.shape), np.zeros(kernel.shape)
    for y, x, i, j in np.ndindex(height, width, 3, 3):
        row, column = y + i - 1, x + j - 1
        if 0 <= row < height and 0 <= column < width:
            found[0][:, y, x] += images[:, row, column] @ kernel[i, j]
            found[1][:, row, column] += upstream[:, y, x] @ kernel[i, j].T
            found[2][i, j] += images[:, row, column].T @ upstream[:, y, x]
    return found


@pytest.mark.parametrize("shape", [(2, 1, 1, 3), (3, 2, 2, 4), (2, 4, 3, 1), (1, 1, 5, 2)])
def test_gradients_are_those_of_the_formula(shape):
    images, kernel = integers(*shape), integers(3, 3, shape[-1], 5, seed=1)
    upstream = integers(*shape[:3], 5, seed=2)
    found = gradients(tf.function(convolve), images, kernel, upstream)
    for value, expected in zip(found, by_the_formula(images, kernel, upstream)):
        np.testing.assert_array_equal(value, expected)


@pytest.mark.skipif(
    not cpu.features() & {"avx512_bf16", "amx_bf16"} or cpu.without_onednn(),
    reason="Elsewhere sums in bfloat16 are rounded at each step, and this gradient is not used",
)
def test_gradients_in_bfloat16_are_those_in_float32_rounded():
    rng = np.random.default_rng(0)
    shapes = (20, 4, 4, 32), (3, 3, 32, 16), (20, 4, 4, 16)
    rounded = [tf.cast(rng.normal(size=shape), tf.bfloat16) for shape in shapes]
    exact = [tf.cast(each, tf.float32) for each in rounded]
    usual = gradients(lambda x, k: tf.nn.conv2d(x, k, 1, "SAME"), *exact)
    for value, expected in zip(gradients(convolve, *rounded), usual):
        assert value.dtype == tf.bfloat16
        np.testing.assert_allclose(tf.cast(value, tf.float32), expected, rtol=2**-8, atol=1e-4)


def quickened(image_size):
    with precision_policy("mixed_bfloat16"):
        backbone = build_backbone("vgg16", (image_size, image_size, 3), "random")
    quicken_kernel_gradients(backbone)
    return backbone, [layer.name for layer in backbone.layers if is_quickened(layer)]


def is_quickened(layer):
    return getattr(layer, "convolution_op", None) is convolve


@pytest.mark.parametrize(("image_size", "blocks"), [(32, "345"), (64, "45"), (96, "5"), (160, "")])
def test_only_small_maps_are_quickened(processor, image_size, blocks):
    processor(FAST_HERE)
    _, names = quickened(image_size)
    assert names == [f"block{block}_conv{i}" for block in blocks for i in (1, 2, 3)]


@pytest.mark.parametrize(
    ("features", "gpus"), [(ELSEWHERE, ()), ({"avx2"}, ()), (set(), ()), (FAST_HERE, ("GPU:0",))]
)
def test_nothing_is_quickened_where_it_is_not_known_to_be_slow(processor, features, gpus):
    processor(features, gpus)
    assert quickened(32)[1] == []


def test_nothing_is_quickened_in_float32_nor_for_other_strides(processor):
    processor(FAST_HERE)
    for precision, name in (("float32", "vgg16"), ("mixed_bfloat16", "tiny")):
        with precision_policy(precision):
            backbone = build_backbone(name, (32, 32, 3), "random")
        quicken_kernel_gradients(backbone)
        assert not any(map(is_quickened, backbone.layers))


@pytest.mark.slow
def test_a_quickened_network_learns_as_the_usual_one(processor, tmp_path):
    processor(FAST_HERE)
    backbone, _ = quickened(32)
    backbone.save_weights(tmp_path / "its.weights.h5")
    with precision_policy("mixed_bfloat16"):
        usual = build_backbone("vgg16", (32, 32, 3), tmp_path / "its.weights.h5")
    images = np.random.default_rng(0).random((4, 32, 32, 3), np.float32)
    found = []
    for model in (backbone, usual):
        with tf.GradientTape() as tape:
            features = tf.cast(model(images, training=True), tf.float32)
            loss = tf.reduce_sum(tf.square(features))
        found.append((features, tape.gradient(loss, model.trainable_variables)))
    np.testing.assert_array_equal(found[0][0], found[1][0])
    for value, expected in zip(found[0][1], found[1][1]):
        value, expected = np.asarray(value, np.float32), np.asarray(expected, np.float32)
        assert np.linalg.norm(value - expected) <= 0.02 * np.linalg.norm(expected)
