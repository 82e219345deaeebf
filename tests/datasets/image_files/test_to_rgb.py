"""Pixels of all depths come out as bright as they are, and large images as Pillow resizes them."""

from __future__ import annotations

import numpy as np
import odd_images
import pytest
from odd_images import chunk, picture, tiff
from PIL import Image

from keras_selflearn.datasets.image_files import to_rgb
from keras_selflearn.datasets.image_files.reading import read_picture
from keras_selflearn.datasets.image_files.to_rgb import resized_rgb

SIZE = (64, 64)
RAMP = np.linspace(0, 1, 64) + np.zeros((64, 1))
COLOURS = np.dstack([RAMP, RAMP.T, 0.5 * RAMP])
WHITES = [255, 1023, 4095, 16383, 65535]


def read(tmp_path, content):
    path = tmp_path / "image"
    if isinstance(content, Image.Image):
        content.save(path, "TIFF")
    else:
        path.write_bytes(content)
    return read_picture(path, SIZE)


def assert_shows(found, wanted):
    """`wanted` goes from 0, black, to 1, white."""
    wanted = wanted if wanted.ndim == 3 else wanted[..., None]
    np.testing.assert_allclose(found, 255 * np.broadcast_to(wanted, found.shape), atol=2)


@pytest.mark.parametrize("white", WHITES)
@pytest.mark.parametrize("shown", [RAMP, COLOURS], ids=["grey", "colour"])
def test_samples_of_few_bits_in_a_16_bit_png_are_not_nearly_black(tmp_path, white, shown):
    assert_shows(read(tmp_path, odd_images.png(np.round(shown * white))), shown)


@pytest.mark.parametrize("shown", [RAMP[..., None], COLOURS], ids=["grey", "colour"])
def test_samples_of_12_bits_beside_alpha_are_not_nearly_black(tmp_path, shown):
    opaque = np.dstack([shown * 4095, np.full(SIZE, 4095)])
    assert_shows(read(tmp_path, odd_images.png(opaque)), shown)


@pytest.mark.parametrize("white", WHITES)
@pytest.mark.parametrize("shown", [RAMP, COLOURS], ids=["grey", "colour"])
def test_samples_of_few_bits_in_a_16_bit_tiff_are_not_nearly_black(tmp_path, white, shown):
    samples = np.round(shown * white).astype("<u2")
    assert_shows(read(tmp_path, tiff(samples, 16, samples.tobytes())), shown)


def test_a_tiff_of_12_bits_is_scaled_by_them_also_where_it_is_dark(tmp_path):
    samples = np.round(RAMP * 900).astype(int)
    first, second = samples[:, ::2], samples[:, 1::2]
    packed = np.dstack([first >> 4, (first & 15) << 4 | second >> 8, second & 255])
    shown = read(tmp_path, tiff(samples, 12, packed.astype(np.uint8).tobytes()))
    assert_shows(shown, RAMP * 900 / 4095)


@pytest.mark.parametrize(
    ("bits", "brightest", "white"),
    [
        (12, 900, 4095),
        (10, 1023, 1023),
        (16, 4000, 65535),
        (12, 65535, 65535),  # Stretched, as the standard has it.
    ],
)
def test_the_bits_that_a_png_names_are_its_range(tmp_path, bits, brightest, white):
    content = odd_images.png(np.round(RAMP * brightest), chunk(b"sBIT", bytes([bits])))
    assert_shows(read(tmp_path, content), RAMP * brightest / white)
    colours = odd_images.png(np.round(COLOURS * brightest), chunk(b"sBIT", bytes([bits] * 3)))
    assert_shows(read(tmp_path, colours), COLOURS * brightest / white)


@pytest.mark.parametrize(
    ("samples", "shown"),
    [
        (RAMP.astype(np.float32), RAMP),
        ((255 * RAMP).astype(np.float32), RAMP),
        ((4095 * RAMP).astype(np.float32), RAMP),
        ((2 * RAMP - 1).astype(np.float32), RAMP),
        ((100_000 * RAMP).astype(np.int32), RAMP),
        ((2000 * RAMP - 1000).astype(np.int32), RAMP),
        (np.zeros(SIZE, np.float32), 0 * RAMP),
        (np.zeros(SIZE, np.uint16), 0 * RAMP),
    ],
)
def test_floats_and_long_integers_are_scaled_by_their_range(tmp_path, samples, shown):
    assert_shows(read(tmp_path, Image.fromarray(samples)), shown)


def test_floats_that_are_no_numbers_are_black(tmp_path):
    samples = RAMP.astype(np.float32)
    samples[:32] = np.nan
    samples[32:48] = np.inf
    found = read(tmp_path, Image.fromarray(samples))
    assert not found[:40].any()
    assert_shows(found[56:], RAMP[56:])


PIXELS = picture(64, 64)


def test_an_alpha_of_0_everywhere_is_ignored(tmp_path):
    np.testing.assert_array_equal(read(tmp_path, odd_images.bmp_with_alpha(PIXELS, 0)), PIXELS)
    for mode in ("RGBA", "LA"):
        image = Image.fromarray(PIXELS).convert(mode)
        wanted = np.asarray(image.convert("RGB"))
        image.putalpha(0)
        image.save(tmp_path / "a.png")
        np.testing.assert_array_equal(read_picture(tmp_path / "a.png", SIZE), wanted)
    palette = Image.fromarray(PIXELS).quantize(16)
    palette.save(tmp_path / "p.png", transparency=bytes(16))
    wanted = np.asarray(palette.convert("RGB"))
    np.testing.assert_array_equal(read_picture(tmp_path / "p.png", SIZE), wanted)


def test_an_alpha_of_0_almost_everywhere_is_not(tmp_path, monkeypatch):
    monkeypatch.setattr(to_rgb, "PIXELS_IN_A_BAND", 640)
    pixels = np.dstack([PIXELS, np.zeros(SIZE, np.uint8)])
    pixels[-1, -1, 3] = 255
    Image.fromarray(pixels).save(tmp_path / "a.png")
    assert read_picture(tmp_path / "a.png", SIZE).mean() > 250


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "1", "RGBA", "CMYK", "I;16"])
@pytest.mark.parametrize("size", [(700, 451), (451, 700), (90, 1201), (96, 95)])
def test_bands_are_resized_as_pillow_resizes_the_whole(monkeypatch, mode, size):
    monkeypatch.setattr(to_rgb, "PIXELS_IN_A_BAND", 10_000)
    noise = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), np.uint8)
    if mode == "I;16":
        image = Image.fromarray(noise[..., 0].astype(np.uint16) * 257)
        whole = Image.fromarray(noise[..., 0]).convert("RGB")
    else:
        image = Image.fromarray(noise)
        image = image.quantize(16) if mode == "P" else image.convert(mode)
        whole = image.convert("RGB")
    wanted = whole.resize((40, 32), Image.Resampling.BICUBIC, reducing_gap=3.0)
    found = resized_rgb(image, 40, 32, low=None, bits=None)
    np.testing.assert_array_equal(np.asarray(found), np.asarray(wanted))
