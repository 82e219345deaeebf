"""Files of all kinds must come out as the same picture, upright and on white."""

from __future__ import annotations

import os
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from keras_selflearn.datasets.image_files.reading import picture_size, read_picture

# Four quarters, so that every turn and mirroring shows: red, green / blue, white.
RED, GREEN, BLUE, WHITE = (200, 20, 20), (20, 200, 20), (20, 20, 200), (255, 255, 255)
QUARTERS = np.zeros((40, 40, 3), np.uint8)
QUARTERS[:20, :20], QUARTERS[:20, 20:], QUARTERS[20:, :20], QUARTERS[20:, 20:] = (
    RED,
    GREEN,
    BLUE,
    WHITE,
)


def save(image, path, **options):
    image.save(path, **options)
    return path


def quarters(picture):
    """The middle pixel of each quarter, in reading order."""
    near, far = picture.shape[0] // 4, 3 * picture.shape[0] // 4
    return [tuple(int(c) for c in picture[y, x]) for y in (near, far) for x in (near, far)]


def assert_quarters(picture, expected=(RED, GREEN, BLUE, WHITE), within=6):
    for found, wanted in zip(quarters(picture), expected):
        assert np.abs(np.subtract(found, wanted)).max() <= within


@pytest.mark.parametrize("suffix", ["jpg", "jpeg", "png", "bmp", "gif", "webp"])
@pytest.mark.parametrize("size", [40, 32, 96])
def test_formats_and_sizes(tmp_path, suffix, size):
    path = save(Image.fromarray(QUARTERS), tmp_path / f"a b é.{suffix}", quality=95)
    picture = read_picture(path, size)
    assert (picture.shape, picture.dtype) == ((size, size, 3), np.uint8)
    assert_quarters(picture)


@pytest.mark.parametrize("mode", ["RGB", "P", "RGBA", "CMYK"])
def test_modes_of_colour(tmp_path, mode):
    suffix = "jpg" if mode == "CMYK" else "png"
    image = Image.fromarray(QUARTERS)
    image = image.quantize(4) if mode == "P" else image.convert(mode)
    path = save(image, tmp_path / f"a.{suffix}", quality=95)
    assert_quarters(read_picture(path, 40), within=12)


@pytest.mark.parametrize("mode", ["L", "LA", "1"])
def test_modes_of_grey_have_three_equal_channels(tmp_path, mode):
    picture = read_picture(save(Image.fromarray(QUARTERS).convert(mode), tmp_path / "a.png"), 40)
    assert np.ptp(picture, axis=2).max() == 0 and picture.max() == 255


def test_16_bits_are_scaled_not_cut_off(tmp_path):
    deep = np.linspace(0, 65535, 40).astype(np.uint16) + np.zeros((40, 1), np.uint16)
    picture = read_picture(save(Image.fromarray(deep), tmp_path / "a.png"), 40)
    np.testing.assert_allclose(picture[0, :, 0], np.linspace(0, 255, 40), atol=1)


# EXIF's number, and the quarters of what is stored that must be shown upright in reading order.
@pytest.mark.parametrize(
    ("orientation", "shown"),
    [
        (1, (RED, GREEN, BLUE, WHITE)),
        (2, (GREEN, RED, WHITE, BLUE)),
        (3, (WHITE, BLUE, GREEN, RED)),
        (4, (BLUE, WHITE, RED, GREEN)),
        (5, (RED, BLUE, GREEN, WHITE)),
        (6, (BLUE, RED, WHITE, GREEN)),
        (7, (WHITE, GREEN, BLUE, RED)),
        (8, (GREEN, WHITE, RED, BLUE)),
    ],
)
def test_exif_says_which_way_is_up(tmp_path, orientation, shown):
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = save(Image.fromarray(QUARTERS), tmp_path / "a.jpg", exif=exif, quality=95)
    assert_quarters(read_picture(path, 40), shown)


@pytest.mark.parametrize("suffix", ["png", "webp"])
def test_transparent_parts_are_white(tmp_path, suffix):
    pixels = np.dstack([QUARTERS, np.full((40, 40), 255, np.uint8)])
    pixels[:20, :20, 3] = 0
    pixels[:20, 20:, 3] = 128
    path = save(Image.fromarray(pixels), tmp_path / f"a.{suffix}", lossless=True)
    half = tuple(round(0.5 * c + 127.5) for c in GREEN)
    assert_quarters(read_picture(path, 40), (WHITE, half, BLUE, WHITE))


def test_a_transparent_palette_colour_is_white(tmp_path):
    image = Image.fromarray(QUARTERS).quantize(4)
    transparent = image.getpixel((5, 5))
    path = save(image, tmp_path / "a.gif", transparency=transparent)
    assert quarters(read_picture(path, 40))[0] == WHITE


def test_the_first_frame_of_several(tmp_path):
    frames = [Image.fromarray(QUARTERS), Image.fromarray(255 - QUARTERS)]
    path = save(frames[0], tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert_quarters(read_picture(path, 40))


def test_large_photographs_are_antialiased(tmp_path):
    stripes = np.zeros((400, 400, 3), np.uint8)
    stripes[:, ::2] = 255
    picture = read_picture(save(Image.fromarray(stripes), tmp_path / "a.png"), 32)
    assert np.abs(picture.astype(int) - 127).max() < 20


@pytest.mark.parametrize("name", ["cut.jpg", "cut.png", "text.jpg", "empty.png", "missing.png"])
def test_what_is_no_whole_image_is_refused_with_a_reason(tmp_path, name):
    path = tmp_path / name
    if name.startswith("cut"):
        noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
        save(Image.fromarray(noise), path)
        os.truncate(path, path.stat().st_size // 2)
    elif name != "missing.png":
        path.write_text("no image" if name == "text.jpg" else "")
    with pytest.raises(ValueError, match="."):
        read_picture(path, 32)


@pytest.mark.slow
def test_a_file_that_claims_more_pixels_than_any_camera_has_is_refused(tmp_path):
    path = save(Image.new("1", (40_000, 40_000)), tmp_path / "bomb.png")
    assert path.stat().st_size < 1_000_000
    with pytest.raises(ValueError, match="pixels"):
        read_picture(path, 32)


def test_height_comes_before_width(tmp_path):
    picture = read_picture(save(Image.fromarray(QUARTERS), tmp_path / "a.png"), (48, 32))
    assert picture.shape == (48, 32, 3)
    middles = [picture[y, x].astype(int) for y in (12, 36) for x in (8, 24)]
    for found, wanted in zip(middles, (RED, GREEN, BLUE, WHITE)):
        assert np.abs(found - wanted).max() <= 6


def test_damaged_exif_changes_no_filter_of_warnings(tmp_path):
    path = save(Image.fromarray(QUARTERS), tmp_path / "a.jpg", exif=b"Exif\x00\x00II*\x00\xff\xff")
    before = list(warnings.filters)
    with ThreadPoolExecutor(4) as pool:
        pictures = list(pool.map(lambda _: read_picture(path, 32), range(50)))
    assert warnings.filters == before and len(pictures) == 50


@pytest.mark.parametrize(("turn", "size"), [(1, (20, 80)), (3, (20, 80)), (6, (80, 20))])
def test_a_size_is_that_of_the_upright_image(tmp_path, turn, size):
    exif = Image.Exif()
    exif[0x0112] = turn
    path = save(Image.new("RGB", (80, 20)), tmp_path / "a.jpg", exif=exif)
    assert picture_size(path) == size


def test_what_has_no_size_has_a_reason(tmp_path):
    (tmp_path / "a.png").write_bytes(b"%PDF-1.4")
    with pytest.raises(ValueError, match="it is PDF"):
        picture_size(tmp_path / "a.png")
