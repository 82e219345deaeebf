"""Trouble beside the pixels is no trouble in them; where pixels are missing, a file is damaged."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import odd_images
import pytest
from odd_images import bad_rational, chunk, exif, float_for_short, picture, saved
from PIL import Image, PngImagePlugin

from keras_selflearn.datasets.image_files.reading import read_picture

PIXELS = picture()


def read(tmp_path, content, size=(120, 160)):
    path = tmp_path / "image"
    path.write_bytes(content)
    return read_picture(path, size)


def assert_close(found, wanted, within=3.0):
    assert np.abs(found.astype(int) - wanted.astype(int)).mean() < within


@pytest.mark.parametrize("broken", [bad_rational, float_for_short])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_exif_that_can_t_be_written_back_turns_the_image_all_the_same(tmp_path, broken, kind):
    content = saved(PIXELS, kind, exif=broken(6))
    assert_close(read(tmp_path, content, (160, 120)), np.rot90(PIXELS, -1))


@pytest.mark.parametrize(
    "data",
    [
        b"Exif\0\0",
        b"Exif\0\0XX*\0\x08\0\0\0",
        exif(9),
        exif(6)[:20],
        exif(1, (0x011A, 5, 2**31, 5), (0x8769, 4, 1, 2**31)),
    ],
)
def test_exif_that_says_nothing_valid_turns_nothing(tmp_path, data):
    assert_close(read(tmp_path, saved(PIXELS, "JPEG", exif=data)), PIXELS)


def test_a_png_with_much_text_is_whole(tmp_path):
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "x" * 2_000_000, zip=True)
    info.add_itxt("Other", "y" * 2_000_000, zip=True)
    content = saved(PIXELS, "PNG", pnginfo=info, exif=exif(3))
    np.testing.assert_array_equal(read(tmp_path, content), PIXELS[::-1, ::-1])


def test_a_png_with_much_text_after_its_pixels_is_whole(tmp_path):
    text = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(2_000_000)))
    content = saved(PIXELS, "PNG")
    np.testing.assert_array_equal(read(tmp_path, content[:-12] + text + content[-12:]), PIXELS)


@pytest.mark.parametrize("name", [b"tEXt", b"pHYs", b"eXIf", b"iCCP", b"tIME", b"abCd"])
@pytest.mark.parametrize("place", ["before", "after"])
def test_a_wrong_checksum_beside_the_pixels_of_a_png_is_passed_over(tmp_path, name, place):
    broken = chunk(name, b"Software\0a camera", crc=1)
    content = saved(PIXELS, "PNG")
    at = content.index(b"IDAT") - 4 if place == "before" else len(content) - 12
    np.testing.assert_array_equal(read(tmp_path, content[:at] + broken + content[at:]), PIXELS)


def test_a_wrong_checksum_of_a_png_s_header_is_damage(tmp_path):
    content = bytearray(saved(PIXELS, "PNG"))
    content[29] ^= 0xFF
    with pytest.raises(ValueError, match="damaged PNG header"):
        read(tmp_path, content)


def segment(marker, data):
    return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data


@pytest.mark.parametrize(
    "broken",
    [
        segment(0xE0, b"JFIF\0"),
        segment(0xE1, b"Exif\0\0" + b"\xff" * 30),
        segment(0xE2, b"MPF\0II*\0\xff\xff\xff\x7f"),
        segment(0xED, b"Photoshop 3.0\0" + b"8BIM\x03\xed\0\0\xff\xff"),
        segment(0xFE, bytes(60_000)),
    ],
)
def test_broken_segments_beside_the_pixels_of_a_jpeg_are_passed_over(tmp_path, broken):
    content = saved(PIXELS, "JPEG", quality=90)
    whole = read(tmp_path, content)
    np.testing.assert_array_equal(read(tmp_path, content[:2] + broken + content[2:]), whole)
    turned = saved(PIXELS, "JPEG", quality=90, exif=exif(3))
    found = read(tmp_path, turned[:2] + broken + turned[2:])
    if not broken.startswith(b"\xff\xe1"):
        np.testing.assert_array_equal(found, whole[::-1, ::-1])


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"optimize": True}])
@pytest.mark.parametrize("missing", [1, 2])
def test_a_jpeg_without_its_end_is_whole(tmp_path, options, missing):
    content = saved(PIXELS, "JPEG", quality=90, **options)
    found = read(tmp_path, content[:-missing])
    np.testing.assert_array_equal(found, read(tmp_path, content))


def test_a_turned_jpeg_without_its_end_and_with_broken_exif_is_whole(tmp_path):
    content = saved(PIXELS, "JPEG", quality=90, exif=bad_rational(8))
    assert_close(read(tmp_path, content[:-2], (160, 120)), np.rot90(PIXELS))


@pytest.mark.parametrize("options", [{}, {"progressive": True}])
@pytest.mark.parametrize("kept", [0.3, 0.5, 0.8, 0.95, 0.99])
def test_a_jpeg_that_is_cut_in_its_pixels_is_damaged(tmp_path, options, kept):
    content = saved(PIXELS, "JPEG", quality=90, **options)
    with pytest.raises(ValueError, match="truncated"):
        read(tmp_path, content[: int(kept * len(content))], 32)


@pytest.mark.parametrize("quality", [30, 90])
def test_a_jpeg_that_is_cut_at_a_restart_marker_is_damaged(tmp_path, quality):
    content = saved(PIXELS, "JPEG", quality=quality, restart_marker_rows=1)
    scan = content.index(b"\xff\xda") + 14
    cuts = [i for i in range(scan, len(content) - 2) if content[i] == 0xFF and content[i + 1]]
    assert len(cuts) > 4
    for cut in (end for start in cuts for end in range(start - 1, start + 4)):
        with pytest.raises(ValueError, match="truncated"):
            read(tmp_path, content[:cut])


def test_a_progressive_jpeg_that_is_cut_between_two_scans_is_damaged(tmp_path):
    content = saved(PIXELS, "JPEG", quality=90, progressive=True)
    starts = [i for i in range(len(content) - 1) if content[i : i + 2] == b"\xff\xda"]
    before = content.rindex(b"\xff\xc4", 0, starts[-1])  # The tables of the last scan.
    with pytest.raises(ValueError, match="truncated"):
        read(tmp_path, content[:before])


@pytest.mark.parametrize("kind", ["PNG", "BMP", "GIF", "WEBP", "TIFF"])
def test_other_formats_that_are_cut_in_half_are_damaged(tmp_path, kind):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    content = saved(noise, kind)
    with pytest.raises(ValueError, match="."):
        read(tmp_path, content[: len(content) // 2])


def test_a_webp_that_is_cut_in_its_exif_is_whole(tmp_path):
    content = saved(PIXELS, "WEBP", lossless=True, exif=exif(1, data=bytes(500)))
    np.testing.assert_array_equal(read(tmp_path, content[:-100]), PIXELS)


def test_a_bmp_and_a_gif_without_their_last_bytes_are_whole(tmp_path):
    narrow = PIXELS[:, :157]
    padded = saved(narrow, "BMP")[:-1]  # Rows are filled up to four bytes.
    np.testing.assert_array_equal(read(tmp_path, padded, narrow.shape[:2]), narrow)
    content = saved(PIXELS, "GIF")
    np.testing.assert_array_equal(read(tmp_path, content[:-2]), read(tmp_path, content))


def test_an_animation_with_broken_text_gives_its_first_frame(tmp_path):
    frames = [Image.fromarray(PIXELS), Image.fromarray(255 - PIXELS)]
    path = tmp_path / "a.png"
    frames[0].save(path, save_all=True, append_images=frames[1:])
    content = path.read_bytes()
    at = content.index(b"acTL") - 4
    broken = content[:at] + chunk(b"tEXt", b"a\0b", crc=1) + content[at:]
    np.testing.assert_array_equal(read(tmp_path, broken), PIXELS)


def test_a_transparent_colour_stays_so_where_text_is_broken(tmp_path):
    content = odd_images.png(
        PIXELS,
        chunk(b"tEXt", b"a", crc=1),
        chunk(b"tRNS", struct.pack(">3H", 250, 250, 250)),
        depth=8,
    )
    found = read(tmp_path, content)
    assert (found[:10, :10] == 255).all() and (found[60:] == PIXELS[60:]).all()
