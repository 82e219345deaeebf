"""Pictures for a browser."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from keras_selflearn.runs.review.pictures import jpeg


def opened(content):
    return Image.open(io.BytesIO(content))


@pytest.mark.parametrize(
    ("size", "most", "expected"),
    [((40, 30), 192, (40, 30)), ((400, 100), 192, (192, 48)), ((100, 2000), 64, (3, 64))],
)
def test_proportions_are_kept_and_nothing_is_enlarged(tmp_path, size, most, expected):
    Image.new("RGB", size, (200, 20, 20)).save(tmp_path / "a.png")
    picture = opened(jpeg(tmp_path / "a.png", most))
    assert picture.size == expected
    assert np.abs(np.asarray(picture)[0, 0].astype(int) - (200, 20, 20)).max() < 9


def test_it_is_upright_and_holds_pixels_only(tmp_path):
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "where I live"
    Image.new("RGB", (80, 20)).save(tmp_path / "a.jpg", exif=exif)
    content = jpeg(tmp_path / "a.jpg", 64)
    assert opened(content).size == (16, 64)
    assert b"where I live" not in content and not opened(content).getexif()


def test_what_can_t_be_read_has_a_reason(tmp_path):
    with pytest.raises(ValueError, match="No such file"):
        jpeg(tmp_path / "a.png", 64)
    (tmp_path / "a.png").write_bytes(b"%PDF-1.4")
    with pytest.raises(ValueError, match="it is PDF"):
        jpeg(tmp_path / "a.png", 64)
