from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from keras_selflearn.options.augmentation import parse_augmentations
from keras_selflearn.training.augmentation import (
    augment,
    flip,
    moved,
    shift,
    whole_pixel_shift,
)


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (64, 32, 40, 3), np.uint8)


def shifted(image, down, right):
    """The image moved by whole pixels, edge pixels repeated."""
    padded = np.pad(image, ((9, 9), (9, 9), (0, 0)), mode="edge")
    height, width, _ = image.shape
    return padded[9 + down : 9 + down + height, 9 + right : 9 + right + width]


def by_keras(image, down, right):
    """What the authors' code calls: scipy's affine transform with bilinear interpolation."""
    generator = tf.keras.preprocessing.image.ImageDataGenerator(fill_mode="nearest")
    return generator.apply_transform(image.astype(np.float32), {"tx": right, "ty": down})


def test_images_are_moved_as_by_the_image_data_generator_of_keras(images):
    downs, rights = np.random.default_rng(1).uniform(-6, 6, (2, 64)).astype(np.float32)
    downs[:3], rights[:3] = (0, 1, -0.5), (0, -2, 40)
    found = moved(tf.constant(images), tf.constant(downs), tf.constant(rights)).numpy()
    assert found.dtype == np.uint8
    for image, after, down, right in zip(images, found, downs, rights):
        expected = by_keras(image, down, right)
        assert np.abs(expected - after).max() < 0.51
    floats = moved(tf.constant(images, tf.float32), tf.constant(downs), tf.constant(rights))
    assert np.abs(floats.numpy()[5] - by_keras(images[5], downs[5], rights[5])).max() < 0.01


def test_shift_moves_each_image_by_fractions_of_up_to_an_eighth_of_each_side():
    down, right = np.mgrid[:32, :40].astype(np.float32) * 6
    ramps = tf.constant(np.stack([down, right], axis=-1)[None].repeat(500, axis=0))
    middle = shift(ramps, tf.constant([1, 2])).numpy()[:, 16, 20]
    offsets = middle / 6 - (16, 20)
    for axis, largest in ((0, 4), (1, 5)):
        found = offsets[:, axis]
        assert 0.97 * largest < found.max() <= largest and -largest <= found.min() < -0.97 * largest
        assert len(np.unique(found)) > 490  # all differ, but for rounding
        # The mean and the deviation of a uniform distribution, within four standard errors.
        assert abs(found.mean()) < 4 * largest / np.sqrt(3 * 500)
        assert found.std() == pytest.approx(largest / np.sqrt(3), rel=0.1)
    assert abs(np.corrcoef(offsets.T)[0, 1]) < 4 / np.sqrt(500)


def test_a_whole_pixel_shift_moves_each_image_by_up_to_an_eighth_of_each_side(images):
    changed = whole_pixel_shift(tf.constant(images), tf.constant([1, 2])).numpy()
    assert changed.dtype == np.uint8
    offsets = []
    for before, after in zip(images, changed):
        matches = [
            (down, right)
            for down in range(-9, 10)
            for right in range(-9, 10)
            if np.array_equal(shifted(before, down, right), after)
        ]
        assert len(matches) == 1
        offsets += matches
    downs, rights = zip(*offsets)
    assert set(downs) == set(range(-4, 5))
    assert set(rights) == set(range(-5, 6))


def test_flip_mirrors_about_half_of_the_images(images):
    flipped = flip(tf.constant(images), tf.constant([1, 2])).numpy()
    mirrored = [np.array_equal(a, b[:, ::-1]) for a, b in zip(flipped, images)]
    same = [np.array_equal(a, b) for a, b in zip(flipped, images)]
    assert all(m != s for m, s in zip(mirrored, same))
    assert 16 < sum(mirrored) < 48


@pytest.mark.parametrize(
    "names", [("shift",), ("whole-pixel-shift",), ("flip",), ("shift", "flip")]
)
def test_a_seed_decides(names, images):
    first, again, other = (
        augment(tf.constant(images), names, tf.constant(seed)).numpy()
        for seed in ([1, 2], [1, 2], [1, 3])
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_none_changes_nothing(images):
    unchanged = augment(tf.constant(images), parse_augmentations("none"), tf.constant([1, 2]))
    np.testing.assert_array_equal(unchanged.numpy(), images)


def test_names_are_parsed():
    assert parse_augmentations("shift, flip") == ("shift", "flip")
    with pytest.raises(ValueError, match="Unknown augmentation 'flips': did you mean 'flip'"):
        parse_augmentations("shift,flips")
