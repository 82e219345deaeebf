"""Tests of the glyphs source domain."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import ImageFont

from keras_selflearn.datasets.glyphs import (
    FONTS,
    font_path,
    load_glyphs,
    render_glyph,
    render_glyphs,
)


@pytest.fixture(scope="module")
def glyphs() -> tuple[np.ndarray, np.ndarray]:
    return render_glyphs(1000, seed=3)


@pytest.mark.slow
def test_shape_dtype_and_channels(glyphs):
    images, labels = glyphs
    assert images.shape == (1000, 32, 32, 3)
    assert images.dtype == np.uint8
    assert labels.shape == (1000,)
    assert labels.dtype == np.int64
    assert (images == images[..., :1]).all()


@pytest.mark.parametrize("size", [8, 31, 64])
def test_size(size):
    images, _ = render_glyphs(2, size=size)
    assert images.shape == (2, size, size, 3)


@pytest.mark.parametrize("n", [1, 10, 27])
def test_classes_are_balanced_to_within_one(n):
    _, labels = render_glyphs(n)
    counts = np.bincount(labels, minlength=10)
    assert len(counts) == 10
    assert np.ptp(counts) <= 1


def test_same_seed_gives_same_images():
    np.testing.assert_array_equal(render_glyphs(20, seed=5)[0], render_glyphs(20, seed=5)[0])


def test_image_does_not_depend_on_n(glyphs):
    images, labels = glyphs
    fewer, fewer_labels = render_glyphs(13, seed=3)
    np.testing.assert_array_equal(fewer, images[:13])
    np.testing.assert_array_equal(fewer_labels, labels[:13])
    np.testing.assert_array_equal(render_glyph(997, seed=3), images[997])


def test_global_random_state_is_neither_read_nor_changed():
    state = np.random.get_state()
    before = render_glyph(4)
    assert np.array_equal(np.random.get_state()[1], state[1])
    assert np.random.get_state()[2] == state[2]
    np.random.random()
    np.testing.assert_array_equal(render_glyph(4), before)
    np.random.set_state(state)


def test_different_seeds_and_indices_differ(glyphs):
    images, _ = glyphs
    other, _ = render_glyphs(100, seed=4)
    assert (images[:100] != other).any(axis=(1, 2, 3)).all()
    assert len({image.tobytes() for image in images}) == len(images)


@pytest.mark.parametrize("stem", FONTS)
def test_font_holds_ten_distinct_digits(stem):
    font = ImageFont.truetype(str(font_path(stem)), 32)
    # U+FFFF is never a character, so a font shows its .notdef glyph for it.
    missing = bytes(font.getmask("\uffff"))
    digits = [bytes(font.getmask(str(digit))) for digit in range(10)]
    assert all(any(digit) for digit in digits)
    assert len({*digits, missing}) == 11


def test_fonts_are_listed_once():
    assert len(set(FONTS)) == len(FONTS)


def test_unknown_font_is_named():
    with pytest.raises(FileNotFoundError, match="'no-such-font'"):
        font_path("no-such-font")


def test_every_image_has_a_visible_bright_stroke_on_dark(glyphs):
    grey = glyphs[0][..., 0].reshape(1000, -1).astype(float)
    assert (np.percentile(grey, 98, axis=1) - np.percentile(grey, 10, axis=1)).min() > 80
    assert np.percentile(grey, 10, axis=1).max() < 64
    assert (grey.mean(axis=1) < 160).all()


def test_neighbours_recognise_glyphs_of_another_seed(glyphs):
    images, labels = glyphs
    others, truth = render_glyphs(300, seed=4)

    def coarse(pictures: np.ndarray) -> np.ndarray:
        grey = pictures[..., 0].reshape(len(pictures), 8, 4, 8, 4).mean(axis=(2, 4))
        grey = grey.reshape(len(pictures), 64)
        return grey / np.linalg.norm(grey, axis=1, keepdims=True)

    nearest = np.argsort(-coarse(others) @ coarse(images).T, axis=1)[:, :3]
    votes = labels[nearest]
    # Three votes: the second and third overrule the first only when they agree.
    guess = np.where(votes[:, 1] == votes[:, 2], votes[:, 1], votes[:, 0])
    assert (guess == truth).mean() >= 0.7


def test_the_data_set_trains_and_tests_on_different_seeds(monkeypatch):
    monkeypatch.setattr("keras_selflearn.datasets.glyphs.N_TRAIN", 40)
    monkeypatch.setattr("keras_selflearn.datasets.glyphs.N_TEST", 20)
    data = load_glyphs()
    np.testing.assert_array_equal(data.images, render_glyphs(40, seed=0)[0])
    np.testing.assert_array_equal(data.test_images, render_glyphs(20, seed=1)[0])
    assert data.labels.tolist() == list(range(10)) * 4 and data.class_names[7] == "7"
    assert not (data.images[:20] == data.test_images).all(axis=(1, 2, 3)).any()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n": 0}, "n must be at least 1, got 0."),
        ({"n": -3}, "n must be at least 1, got -3."),
        ({"n": 1, "size": 7}, "size must be at least 8, got 7."),
        ({"n": 1, "seed": -1}, "seed must be at least 0, got -1."),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError) as caught:
        render_glyphs(**arguments)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"i": -1}, "i must be at least 0, got -1."),
        ({"i": 0, "size": 0}, "size must be at least 8, got 0."),
        ({"i": 0, "seed": -2}, "seed must be at least 0, got -2."),
    ],
)
def test_bad_arguments_of_one_glyph(arguments, message):
    with pytest.raises(ValueError) as caught:
        render_glyph(**arguments)
    assert str(caught.value) == message
