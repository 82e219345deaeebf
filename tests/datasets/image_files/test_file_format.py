"""What a file is, its content says; a file that is left out is called what it is."""

from __future__ import annotations

import io
import struct
import sys

import numpy as np
import pytest
from odd_images import picture, saved
from PIL import Image, TiffImagePlugin

from keras_selflearn.datasets.image_files.reading import SUFFIXES, read_picture

PIXELS = picture(64, 64)


def heif(*brands):
    return struct.pack(">I", 12 + 4 * len(brands)) + b"ftyp" + b"".join(brands) + bytes(4000)


def reason(tmp_path, content, name="image.jpg"):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ValueError, match=".") as error:
        read_picture(path, 32)
    return str(error.value)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "GIF", "WEBP", "TIFF"])
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tiff", ".heic", ".txt", ""])
def test_content_decides_and_not_the_suffix(tmp_path, kind, suffix):
    path = tmp_path / f"image{suffix}"
    path.write_bytes(saved(PIXELS, kind))
    found = read_picture(path, 64).astype(int)
    assert np.abs(found - PIXELS).mean() < 10


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_deflate", "jpeg", "packbits"])
def test_tiff(tmp_path, order, compression):
    file = io.BytesIO()
    prefix = b"II*\0" if order == "<" else b"MM\0*"

    directory = TiffImagePlugin.ImageFileDirectory_v2(prefix=prefix[:2])
    Image.fromarray(PIXELS).save(file, "TIFF", compression=compression, tiffinfo=directory)
    (tmp_path / "a.tiff").write_bytes(file.getvalue())
    found = read_picture(tmp_path / "a.tiff", 64).astype(int)
    assert np.abs(found - PIXELS).mean() < (5 if compression == "jpeg" else 0.001)


def test_suffixes_that_are_worth_opening():
    assert {".jpg", ".jfif", ".tif", ".tiff", ".avif", ".heic", ".heif"} <= {*SUFFIXES}
    assert all(suffix == suffix.lower() and suffix[0] == "." for suffix in SUFFIXES)


def test_avif(tmp_path):
    plugin = pytest.importorskip("PIL.AvifImagePlugin", exc_type=ImportError)
    if not plugin.SUPPORTED:
        pytest.skip("this Pillow is built without AVIF")
    exif = Image.Exif()
    exif[0x0112] = 3
    Image.fromarray(PIXELS).save(tmp_path / "a.jpg", "AVIF", quality=95, exif=exif)
    found = read_picture(tmp_path / "a.jpg", 64).astype(int)
    assert np.abs(found[::-1, ::-1] - PIXELS).mean() < 5


def test_heic(tmp_path):
    pillow_heif = pytest.importorskip("pillow_heif", exc_type=ImportError)
    pillow_heif.from_pillow(Image.fromarray(PIXELS)).save(tmp_path / "a.jpg", quality=95)
    found = read_picture(tmp_path / "a.jpg", 64).astype(int)
    assert np.abs(found - PIXELS).mean() < 5


@pytest.mark.parametrize("brands", [(b"heic",) * 2, (b"heix", b"mif1"), (b"mif1", b"\0" * 4)])
def test_heic_without_its_extra_names_both(tmp_path, monkeypatch, brands):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    said = reason(tmp_path, heif(*brands))
    assert "HEIC" in said and "extra heif" in said and "pip install pillow-heif" in said


@pytest.mark.parametrize("brands", [(b"avif",) * 2, (b"mif1", b"\0" * 4, b"avif"), (b"avis",)])
def test_avif_without_its_decoder_names_both(tmp_path, monkeypatch, brands):
    monkeypatch.setitem(sys.modules, "PIL.AvifImagePlugin", None)
    monkeypatch.delattr("PIL.AvifImagePlugin", raising=False)
    said = reason(tmp_path, heif(*brands))
    assert "AVIF" in said and "extra heif" in said and "pillow>=11.3" in said


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"", "empty"),
        (bytes(5000), "zeros"),
        (b"<!DOCTYPE html><title>404</title>\n", "a web page"),
        ("\ufeff\n<HTML>".encode() + "größer".encode() * 100, "a web page"),
        ("<HTML>größer".encode("latin-1"), "a web page"),
        (b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "git lfs pull"),
        (b'{"error": "not found"}', "text"),
        (b"%PDF-1.7\n", "PDF"),
        (b"PK\3\4" + bytes(50), "ZIP"),
        (b"8BPS\0\1" + bytes(50), "Photoshop"),
        (b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(50), "JPEG 2000"),
        (heif(b"isom", b"mp42"), "a video"),
        (heif(b"qt  "), "a video"),
        (heif(b"crx "), "a raw file"),
        (b"RIFF\0\0\0\0AVI LIST", "a video"),
        (bytes(128) + b"DICM", "DICOM"),
        (bytes(range(256)), "unknown format"),
    ],
)
def test_what_is_no_image_is_called_what_it_is(tmp_path, content, name):
    said = reason(tmp_path, content)
    assert said.startswith("cannot identify an image in it: it is ") and name in said


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "GIF", "WEBP", "TIFF"])
def test_a_beginning_alone_is_told_in_words(tmp_path, kind):
    for length in (12, 20, 30):
        said = reason(tmp_path, saved(PIXELS, kind)[:length])
        assert said and "<_io" not in said and "0x" not in said
