from __future__ import annotations

import warnings

import numpy as np
import pytest
from PIL import Image

from keras_selflearn.console.errors import InputWarning
from keras_selflearn.datasets.folder import load_folder
from keras_selflearn.datasets.image_files.flat_colours import FlatColours

PATTERN = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)


def warned(flat, others):
    counted = FlatColours()
    counted.add(np.full((flat, 8, 8, 3), 7, np.uint8))
    counted.add([PATTERN] * others)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        counted.warn("photos")
    return [str(each.message) for each in caught]


def test_more_than_half_of_one_flat_colour_is_warned_of():
    (message,) = warned(3, 2)
    assert message.startswith("3 of 5 images that were looked at in photos are one flat colour")
    assert warned(2, 2) == warned(0, 1) == warned(0, 0) == []


def test_colours_need_not_be_grey_and_one_pixel_is_enough():
    counted = FlatColours()
    almost = np.full((8, 8, 3), (1, 2, 3), np.uint8)
    counted.add([almost.copy()])
    almost[5, 5, 1] = 3
    counted.add([almost])
    assert (counted._flat, counted._images) == (1, 2)


@pytest.mark.parametrize("flat", [True, False])
def test_a_folder_of_flat_images_is_warned_of_each_time(tmp_path, flat):
    for i in range(8):
        path = tmp_path / f"images/labelled/{'ab'[i % 2]}/{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.full_like(PATTERN, i) if flat or i < 4 else PATTERN
        Image.fromarray(pixels).save(path)
    for _ in range(2):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            load_folder(tmp_path / "images", image_size=32, cache_dir=tmp_path / "cache")
        found = [each for each in caught if "one flat colour" in str(each.message)]
        assert len(found) == flat and all(each.category is InputWarning for each in found)
