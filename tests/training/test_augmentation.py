from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from keras_selflearn.options.augmentation import parse_augmentations
from keras_selflearn.training.augmentation import augment, flip, shift


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (64, 32, 40, 3), np.uint8)


def shifted(image, down, right):
    """The image moved by whole pixels, edge pixels repeated."""
    padded = np.pad(image, ((9, 9), (9, 9), (0, 0)), mode="edge")
    height, width, _ = image.shape
    return padded[9 + down : 9 + down + height, 9 + right : 9 + right + width]


def test_shift_moves_each_image_by_up_to_an_eighth_of_each_side(images):
    moved = shift(tf.constant(images), tf.constant([1, 2])).numpy()
    assert moved.dtype == np.uint8
    offsets = []
    for before, after in zip(images, moved):
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


@pytest.mark.parametrize("names", [("shift",), ("flip",), ("shift", "flip")])
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
