from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from keras_selflearn.runs.page.thumbnails import make_thumbnails, thumbnail_size


def sheets(style):
    """The pictures by style class."""
    found = re.findall(r"\.(\w+)\{background-image:url\(data:image/\w+;base64,(.+?)\)", style)
    return {
        name: np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB"))
        for name, data in found
    }


def cell(thumbnails, index, width, height):
    """What the page shows of an image, from the percentages that CSS has."""
    sheet, place = thumbnails.places[index]
    picture = sheets(thumbnails.style)[sheet]
    across, down = (float(each.rstrip("%")) / 100 for each in place.split())
    x, y = (picture.shape[1] - width) * across, (picture.shape[0] - height) * down
    return picture[round(y) : round(y) + height, round(x) : round(x) + width]


@pytest.mark.parametrize("number", [1, 17, 300])
def test_each_image_is_found_at_its_place(number):
    colours = np.random.default_rng(0).integers(0, 256, (400, 1, 1, 3), np.uint8)
    images = np.broadcast_to(colours, (400, 32, 48, 3))
    indices = np.random.default_rng(1).permutation(400)[:number]
    thumbnails = make_thumbnails(images, np.concatenate([indices, indices]), "a", 1e9)
    assert len(sheets(thumbnails.style)) == -(-number // 256) and len(thumbnails.places) == number
    for index in indices[:20]:
        shown = cell(thumbnails, int(index), 48, 32).astype(int)
        assert np.abs(shown - colours[index, 0, 0]).max() <= 4


def test_large_images_become_small_and_small_ones_stay():
    assert thumbnail_size((300, 600), 10, 1e9) == (96, 48)
    assert thumbnail_size((32, 32), 10, 1e9) == (32, 32)
    assert thumbnail_size((4000, 2), 10, 1e9) == (1, 96)


def test_many_images_become_smaller():
    assert thumbnail_size((96, 96), 1000, 5e6) == (64, 64)
    assert thumbnail_size((96, 96), 10**6, 5e6) == (24, 24)


def test_photographs_are_jpeg_and_drawings_png():
    y, x = np.mgrid[:96, :96]
    noise = np.random.default_rng(0).integers(0, 60, (9, 96, 96, 3))
    photographs = (np.stack([x, y, x + y], -1) + noise).astype(np.uint8)
    drawings = np.zeros((9, 96, 96, 3), np.uint8)
    drawings[:, 40:50, 40:50] = 255
    for images, kind in ((photographs, "jpeg"), (drawings, "png")):
        assert f"data:image/{kind};" in make_thumbnails(images, np.arange(9), "a", 1e9).style


def test_noise_can_be_shown():
    images = np.random.default_rng(0).integers(0, 256, (256, 32, 32, 3), np.uint8)
    thumbnails = make_thumbnails(images, np.arange(256), "a", 1e9)
    assert [each.shape for each in sheets(thumbnails.style).values()] == [(512, 512, 3)]


def test_a_picture_says_in_words_what_it_shows():
    thumbnails = make_thumbnails(np.zeros((1, 32, 32, 3), np.uint8), np.array([0]), "a", 1e9)
    assert 'role="img" aria-label="a &quot;cat&quot;"' in thumbnails.picture(0, 'a "cat"')


def test_nothing_to_show():
    thumbnails = make_thumbnails(np.empty((5, 32, 32, 3), np.uint8), np.empty(0, int), "a", 1e9)
    assert thumbnails.style == "" and thumbnails.places == {}
