from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from scipy.fft import dctn

from keras_selflearn.datasets.perceptual_hash import perceptual_hashes, small_pictures


@pytest.mark.parametrize("size", [32, 96, 160])
def test_a_small_picture_has_the_means_of_parts(size):
    image = np.random.default_rng(0).integers(0, 256, (size, size, 3), np.uint8)
    side = size // 32
    means = image.reshape(32, side, 32, side, 3).mean(axis=(1, 3))
    (picture,) = small_pictures([image], 1)
    assert np.abs(picture - means).max() <= 1  # It is rounded, and twice where it is made in two.


def test_an_image_of_any_size_has_a_small_picture():
    image = np.full((45, 45, 3), 77, np.uint8)
    assert (small_pictures([image], 1) == 77).all()


def test_the_hash_is_of_the_lowest_frequencies_by_scipy():
    pictures = np.random.default_rng(1).integers(0, 256, (1030, 32, 32, 3), np.uint8)
    hashes = perceptual_hashes(pictures)
    assert hashes.shape == (1030, 64) and hashes.dtype == bool
    for i in (0, 1023, 1024, 1029):  # of both blocks
        grey = np.asarray(Image.fromarray(pictures[i]).convert("F"), np.float64)
        low = dctn(grey, norm="ortho")[1:9, 1:9].ravel()
        differ = hashes[i] != (low > np.median(low))
        # Pillow's grey is rounded, so bits near the median may differ.
        assert np.abs(low - np.median(low))[differ].max(initial=0) < 2


def test_a_picture_of_one_colour_has_no_bit():
    levels = np.array([0, 1, 100, 255], np.uint8)
    pictures = np.broadcast_to(levels[:, None, None, None], (4, 32, 32, 3))
    assert not perceptual_hashes(pictures).any()
