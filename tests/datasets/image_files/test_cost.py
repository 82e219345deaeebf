"""What an image is expected to take, against what it takes."""

from __future__ import annotations

import io
import subprocess
import sys

import pytest
from odd_images import many_scans, picture, saved, tiled_tiff
from PIL import Image
from waiting import finish

from keras_selflearn.datasets.image_files.cost import cost

PIXELS = picture(60, 80)
# What decoding it adds to the memory of a process that has decoded a small one before.
MEASURE = r"""
import contextlib, os, re, sys
sys.path[:0] = sys.argv[1].split(os.pathsep)
from keras_selflearn.datasets.image_files.one_file import decode
def used():
    # Not `getrusage`, which begins with the memory of the process that started this one.
    return 1024 * int(re.search(r"VmHWM:\s+(\d+)", open("/proc/self/status").read())[1])
def read(path):
    costs = []
    def admit(cost):
        costs.append(cost)
        return contextlib.nullcontext()
    with open(path, "rb") as file:
        decode(file, 96, 96, admit)
    return costs[0]
read(sys.argv[2])
before = used()
print(read(sys.argv[3]).bytes, used() - before)
"""


def expected(content, kind):
    file = io.BytesIO(content)
    image = Image.open(file, formats=(kind,))
    place = file.tell()
    found = cost(image, kind, image.width * image.height, file)
    assert file.tell() == place
    return found


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize(
    ("kind", "mode", "options"),
    [
        ("JPEG", "RGB", {"progressive": True, "subsampling": 0}),
        ("PNG", "RGBA", {"compress_level": 1}),
        ("WEBP", "RGB", {"method": 0}),
        ("WEBP", "RGBA", {"method": 0, "lossless": True, "quality": 0}),
        ("TIFF", "RGB", {"compression": "tiff_lzw"}),
        ("BMP", "RGB", {}),
        ("AVIF", "RGB", {"speed": 10}),
    ],
)
def test_no_more_memory_is_taken_than_expected(tmp_path, kind, mode, options):
    image = Image.fromarray(picture(512, 1024)).convert(mode).resize((4096, 3072))
    try:
        for name, each in (("small", image.resize((64, 48))), ("large", image)):
            each.save(tmp_path / name, kind, **options)
    except (KeyError, OSError):
        pytest.skip(f"this Pillow writes no {kind}")
    files = [str(tmp_path / name) for name in ("small", "large")]
    command = [sys.executable, "-c", MEASURE, ":".join(filter(None, sys.path)), *files]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    said, _ = finish(process, "an image that is decoded")
    wanted, taken = map(int, said.split())
    assert 0.2 * wanted < taken < wanted + 20e6


def test_each_scan_of_a_jpeg_takes_time():
    one, many = (expected(many_scans(64, scans), "JPEG") for scans in (0, 1000))
    assert many.seconds > 50 * one.seconds > 0
    baseline = expected(saved(PIXELS, "JPEG"), "JPEG")
    # A thumbnail in its EXIF data is another JPEG, and is not decoded.
    beside = b"Exif\0\0" + saved(PIXELS, "JPEG") * 5
    assert expected(saved(PIXELS, "JPEG", exif=beside), "JPEG").seconds == baseline.seconds
    assert one.seconds > 3 * baseline.seconds


def test_a_small_tiff_in_a_large_tile_takes_what_the_tile_takes():
    small, large = (expected(tiled_tiff(side), "TIFF") for side in (112, 8000))
    assert large.bytes > 100e6 > small.bytes and large.seconds > 100 * small.seconds


def test_a_reduced_photograph_takes_less():
    file = io.BytesIO(saved(picture(600, 800), "JPEG"))
    image = Image.open(file)
    whole = cost(image, "JPEG", 480_000, file)
    image.draft(None, (100, 100))
    reduced = cost(image, "JPEG", 480_000, file)
    assert reduced.bytes < whole.bytes / 2 and reduced.seconds == whole.seconds
    assert whole.times(3).bytes == 3 * whole.bytes
