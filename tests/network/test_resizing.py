"""Resizing in a graph against Pillow's."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_selflearn.network.resizing import Resize, resize_by_products, resize_in_graph


@pytest.mark.parametrize("size", [(48, 32), (32, 32), (20, 25), (90, 33), (200, 150)])
@pytest.mark.parametrize("kind", ["noise", "photograph"])
def test_resizing_is_pillow_s_within_one_level(size, kind):
    generator = np.random.default_rng(0)
    image = generator.integers(0, 256, (*size, 3), np.uint8)
    if kind == "photograph":
        small = Image.fromarray(image[: size[0] // 8 + 1, : size[1] // 8 + 1])
        image = np.asarray(small.resize(size[::-1], Image.Resampling.BICUBIC))
    ours = resize_in_graph(tf.constant(image[None]), 48, 32)[0].numpy()
    pillow = Image.fromarray(image)
    # Which of the two passes comes first, and rounds, depends on Pillow's version: it shows where
    # neighbours are black and white.
    steps = [(32, size[0]), (32, 48)] if kind == "noise" else [(32, 48)]
    for step in steps:
        pillow = pillow.resize(step, Image.Resampling.BICUBIC)
    difference = np.abs(ours.astype(int) - np.asarray(pillow))
    assert difference.max() <= 1 and ours.dtype == np.uint8
    assert size != (48, 32) or difference.max() == 0


@pytest.mark.parametrize("channels", [1, 3])
def test_the_layer_resizes_all_images_of_a_batch(channels):
    images = np.random.default_rng(0).integers(0, 256, (5, 32, 32, 3), np.uint8)
    smooth = [Image.fromarray(each[:5, :5]).resize((32, 32)) for each in images]
    batch = np.stack([np.asarray(each) for each in smooth])[..., :channels]
    given = tf.keras.Input((32, 32, channels), dtype="uint8")
    model = tf.keras.Model(given, Resize(96, 80)(given))
    found = model(batch).numpy()
    assert found.shape == (5, 96, 80, channels) == (5, *model.output_shape[1:])
    assert found.dtype == np.uint8
    bicubic = Image.Resampling.BICUBIC
    for mine, image in zip(found, batch):
        for channel in range(channels):
            expected = Image.fromarray(image[..., channel]).resize((80, 96), bicubic)
            assert np.abs(mine[..., channel].astype(int) - np.asarray(expected)).max() <= 1


def test_a_share_of_a_batch_may_be_empty():
    assert Resize(64, 64)(tf.zeros((0, 32, 32, 3), tf.uint8)).shape == (0, 64, 64, 3)


def test_its_configuration_makes_the_same_layer():
    again = Resize.from_config(Resize(48, 64, name="resized").get_config())
    assert (again.height, again.width, again.name) == (48, 64, "resized")


@pytest.mark.parametrize("shape", [(40, 64, 3), (20, 17, 1), (32, 32, 3)])
def test_products_resize_as_the_filter_does(shape):
    images = np.random.default_rng(0).integers(0, 256, (3, *shape), np.uint8)
    found = resize_by_products(tf.constant(images), 32, 48).numpy().astype(int)
    expected = resize_in_graph(tf.constant(images), 32, 48).numpy().astype(int)
    assert found.shape == expected.shape == (3, 32, 48, shape[-1])
    differences = np.abs(found - expected)
    assert differences.max() <= 1 and differences.mean() < 1e-3
