from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from keras_selflearn.datasets import duplicates
from keras_selflearn.datasets.duplicates import find_copies

SIZE = 96


@pytest.fixture(scope="module")
def photos():
    """Forty images of smooth noise, as different from one another as photographs are."""
    chance = np.random.default_rng(0)
    noise = chance.integers(30, 226, (40, 6, 6, 3), np.uint8)
    return [np.asarray(Image.fromarray(each).resize((SIZE, SIZE), Image.BICUBIC)) for each in noise]


def copies_among(images):
    return find_copies(images.__getitem__, len(images))


def as_jpeg(image):
    file = io.BytesIO()
    Image.fromarray(image).save(file, "jpeg", quality=70)
    return np.asarray(Image.open(file))


def resized(image):
    small = Image.fromarray(image).resize((60, 60), Image.BILINEAR)
    return np.asarray(small.resize((SIZE, SIZE), Image.BICUBIC))


def brighter(image):
    return np.asarray(ImageEnhance.Brightness(Image.fromarray(image)).enhance(1.1))


def test_different_images_are_no_copies(photos):
    found = copies_among(photos)
    assert (found.first == -1).all() and not found.is_identical.any() and not found.distance.any()


def test_identical_images_lead_to_the_first_of_them(photos):
    found = copies_among([photos[0], photos[1], photos[0], photos[2], photos[1], photos[0]])
    assert found.first.tolist() == [-1, -1, 0, -1, 1, 0]
    assert found.is_identical.tolist() == [False, False, True, False, True, True]


@pytest.mark.parametrize("change", [as_jpeg, resized, brighter])
def test_changed_copies_are_found_beside_their_images(photos, change):
    found = copies_among([*photos, *map(change, photos)])
    copies = found.first[40:]
    # A bit of the hash may flip where two frequencies are nearly equal.
    assert np.mean(copies == np.arange(40)) >= 0.9
    assert {*copies.tolist()} <= {-1, *range(40)} and not found.is_identical.any()
    assert (found.first[:40] == -1).all() and found.distance.max() <= 6


def test_one_pixel_of_another_level_makes_it_nearly_identical(photos):
    changed = photos[0].copy()
    changed[50, 50] ^= 1
    found = copies_among([photos[0], changed])
    assert found.first.tolist() == [-1, 0] and not found.is_identical[1]


def test_a_mirrored_image_and_one_of_other_colours_are_no_copies(photos):
    others = [photos[0], photos[0][:, ::-1], photos[0][..., [1, 2, 0]]]
    assert copies_among(others).first.tolist() == [-1, -1, -1]


def flat(level):
    return np.full((SIZE, SIZE, 3), level, np.uint8)


def test_flat_images_are_copies_only_if_their_levels_are_close():
    found = copies_among([flat(0), flat(100), flat(0), flat(101), flat(110)])
    assert found.first.tolist() == [-1, -1, 0, 1, -1]
    assert found.is_identical.tolist() == [False, False, True, False, False]


def test_the_noise_of_two_dark_images_is_not_compared():
    chance = np.random.default_rng(0)
    noise = [flat(20) + chance.integers(0, 3, (SIZE, SIZE, 3), np.uint8) for _ in range(2)]
    assert copies_among([noise[0], noise[1] + 30]).first.tolist() == [-1, -1]


def test_hundreds_that_look_alike_lead_to_the_first(photos, monkeypatch):
    """Blocks end between them, and each is compared with a few only."""
    monkeypatch.setattr(duplicates, "_BLOCK", 32)
    frames = []
    for i in range(100):
        frame = photos[3].copy()
        frame[i % SIZE, i // SIZE] ^= 1
        frames.append(frame)
    found = copies_among(frames)
    assert found.first.tolist() == [-1] + [0] * 99


def test_blocks_find_what_one_block_finds(photos, monkeypatch):
    images = [*photos, *map(as_jpeg, photos)]
    whole = copies_among(images)
    monkeypatch.setattr(duplicates, "_BLOCK", 7)
    parts = copies_among(images)
    assert (whole.first == parts.first).all() and (whole.distance == parts.distance).all()


def test_no_images_have_no_copies():
    assert copies_among([]).first.shape == (0,)
