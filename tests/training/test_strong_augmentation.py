from __future__ import annotations

import colorsys

import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage

from keras_selflearn.options.augmentation import AUGMENTATION_NAMES
from keras_selflearn.training import strong_augmentation as strong
from keras_selflearn.training.augmentation import AUGMENTATIONS, augment

SEED = tf.constant([1, 2])
LUMA = np.array([0.299, 0.587, 0.114])


@pytest.fixture(scope="module")
def images():
    noise = np.random.default_rng(0).integers(60, 140, (64, 12, 16, 3), np.uint8)
    return noise.astype(np.float32)


def factors(changed, images, centre):
    """By what each image's distance to a centre was multiplied; all its pixels must agree."""
    apart = images - centre
    found = ((changed - centre) * apart).sum(axis=(1, 2, 3)) / np.square(apart).sum(axis=(1, 2, 3))
    expected = np.clip(centre + found[:, None, None, None] * apart, 0, 255)
    assert np.abs(changed - expected).max() < 0.6  # rounding, of the factor as well
    return found


def grey(images):
    return (images * LUMA).sum(axis=-1, keepdims=True)


@pytest.mark.parametrize(
    ("name", "centre", "least", "most"),
    [
        ("brightness", lambda images: np.zeros((1, 1, 1, 1)), 0.6, 1.4),
        ("contrast", lambda images: grey(images).mean(axis=(1, 2), keepdims=True), 0.6, 1.4),
        ("saturation", grey, 0.4, 1.6),
    ],
)
def test_a_factor_for_each_image(images, name, centre, least, most):
    changed = AUGMENTATIONS[name](tf.constant(images), SEED).numpy()
    found = factors(changed.astype(np.float64), images, centre(images))
    assert least - 0.02 < found.min() < least + 0.1 and most - 0.1 < found.max() < most + 0.02
    assert len(np.unique(found.round(3))) > 50


@pytest.mark.parametrize("name", ["brightness", "contrast", "saturation"])
def test_pixels_stay_in_range(name):
    extreme = np.random.default_rng(0).choice([0, 255], (64, 8, 8, 3)).astype(np.uint8)
    changed = AUGMENTATIONS[name](tf.constant(extreme), SEED).numpy()
    assert changed.dtype == np.uint8
    assert changed.min() == 0 and changed.max() == 255
    # Nothing wraps around: what was brighter stays brighter, or as bright.
    assert (changed[extreme == 255].mean() - changed[extreme == 0].mean()) > 50


def test_saturation_leaves_grey_images_as_they_are():
    one = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 1), np.uint8)
    for images in (one, np.repeat(one, 3, axis=-1)):
        np.testing.assert_array_equal(strong.saturation(tf.constant(images), SEED), images)


def test_saturation_keeps_the_hue(images):
    changed = strong.saturation(tf.constant(images), SEED).numpy()
    for before, after in zip(images[:, 0, 0], changed[:, 0, 0]):
        hues = [colorsys.rgb_to_hsv(*pixel)[0] for pixel in (before, after)]
        if min(np.ptp(before), np.ptp(after)) > 30:
            assert abs(hues[0] - hues[1]) < 0.03


def matrices(name, n, seed):
    """The linear maps that `name` draws, found from where three bright points are shown."""
    size, images = 33, np.zeros((n, 33, 33, 3), np.float32)
    places = np.stack(np.meshgrid(np.arange(size), np.arange(size), indexing="ij"), -1) - 16.0
    for channel, place in enumerate([(0, 0), (0, 8), (8, 0)]):  # rows, columns from the centre
        distance = np.square(places - place).sum(-1)
        images[..., channel] = 255 * np.exp(-distance / 18)
    changed = AUGMENTATIONS[name](tf.constant(images), seed).numpy()
    weights = changed / changed.sum(axis=(1, 2), keepdims=True)
    centres = np.einsum("nijc,ijd->ncd", weights, places)
    return centres[:, 0], np.stack([centres[:, 1], centres[:, 2]], axis=1) / 8


def test_rotate_turns_about_the_centre_by_up_to_15_degrees():
    centres, found = matrices("rotate", 64, SEED)
    np.testing.assert_allclose(centres, 0, atol=0.1)
    angles = np.degrees(np.arctan2(found[:, 0, 0], found[:, 0, 1]))
    np.testing.assert_allclose(np.linalg.norm(found, axis=-1), 1, atol=0.03)
    np.testing.assert_allclose(found[:, 0, 0], -found[:, 1, 1], atol=0.03)
    assert -15.5 < angles.min() < -10 and 10 < angles.max() < 15.5


def test_zoom_shows_up_to_a_fifth_more_or_less():
    centres, found = matrices("zoom", 64, SEED)
    np.testing.assert_allclose(centres, 0, atol=0.1)
    shares = 1 / np.array([found[:, 0, 1], found[:, 1, 0]])
    np.testing.assert_allclose(shares[0], shares[1], atol=0.03)
    assert 0.78 < shares.min() < 0.85 and 1.15 < shares.max() < 1.22


def test_rotation_is_scipy_s_bilinear_one_with_repeated_edges():
    images = np.random.default_rng(0).integers(0, 256, (8, 12, 17, 2), np.uint8)
    changed = strong.rotate(tf.constant(images), SEED).numpy()
    angles = tf.random.stateless_uniform([8], SEED, -1, 1).numpy() * 15
    for before, after, angle in zip(images, changed, np.radians(angles)):
        matrix = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        centre = (np.array(before.shape[:2]) - 1) / 2
        for channel in range(2):
            expected = ndimage.affine_transform(
                before[..., channel].astype(float),
                matrix,
                centre - matrix @ centre,
                order=1,
                mode="nearest",
            )
            assert np.abs(after[..., channel] - expected).max() < 0.6


def test_square_covers_half_of_the_shorter_side_anywhere():
    images = np.zeros((200, 10, 16, 1), np.uint8)
    covered = strong.square(tf.constant(images), SEED).numpy()[..., 0]
    assert set(np.unique(covered)) == {0, 128}
    firsts = set()
    for each in covered == 128:
        rows, columns = np.flatnonzero(each.any(1)), np.flatnonzero(each.any(0))
        assert np.ptp(rows) == np.ptp(columns) == 4 and each.sum() == 25
        firsts.add((rows[0], columns[0]))
    assert {row for row, _ in firsts} == set(range(6))
    assert {column for _, column in firsts} == set(range(12))


@pytest.mark.parametrize("name", AUGMENTATION_NAMES)
@pytest.mark.parametrize("shape", [(5, 9, 12, 3), (1, 8, 8, 1)])
def test_shape_and_dtype_stay_and_the_seed_decides(name, shape):
    images = tf.constant(np.random.default_rng(0).integers(0, 256, shape, np.uint8))
    first, again = (augment(images, (name,), SEED) for _ in range(2))
    assert first.shape == images.shape and first.dtype == images.dtype
    np.testing.assert_array_equal(first, again)
    others = [augment(images, (name,), tf.constant([1, seed])).numpy() for seed in range(3, 9)]
    changes_nothing = name == "saturation" and shape[-1] == 1
    assert changes_nothing or any((first.numpy() != other).any() for other in others)


def test_each_image_of_a_batch_is_changed_in_its_own_way():
    images = np.tile(
        np.random.default_rng(0).integers(0, 256, (1, 16, 16, 3), np.uint8), (9, 1, 1, 1)
    )
    for name in AUGMENTATION_NAMES:
        changed = augment(tf.constant(images), (name,), SEED).numpy()
        assert any((changed[0] != other).any() for other in changed[1:]), name


def test_all_names_are_augmentations():
    assert tuple(AUGMENTATIONS) == AUGMENTATION_NAMES
