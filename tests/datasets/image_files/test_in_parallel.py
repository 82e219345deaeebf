from __future__ import annotations

import threading
from itertools import count

import numpy as np
import pytest
from PIL import Image

from keras_selflearn.datasets.image_files import in_parallel
from keras_selflearn.datasets.image_files.in_parallel import decode_pictures


@pytest.fixture
def folder(tmp_path):
    """Sixty of different grey, every seventh damaged."""
    for i in range(60):
        if i % 7:
            Image.fromarray(np.full((8, 8, 3), i, np.uint8)).save(tmp_path / f"{i}.png")
        else:
            (tmp_path / f"{i}.png").write_bytes(b"no image")
    return tmp_path


@pytest.mark.parametrize("ahead", [0, 1, 100])
def test_all_come_in_order_with_pixels_or_a_reason(folder, ahead):
    paths = [f"{i}.png" for i in range(60)]
    found = list(decode_pictures(folder, iter(paths), (8, 8), ahead=ahead))
    assert [path for path, _ in found] == paths
    for i, (_, image) in enumerate(found):
        assert (image == i).all() if i % 7 else "cannot identify" in image


def test_no_more_are_decoded_than_asked_for(folder, monkeypatch):
    monkeypatch.setattr(in_parallel.os, "cpu_count", lambda: 2)
    numbers = count()
    before = threading.active_count()
    pictures = decode_pictures(folder, (f"{next(numbers) % 60}.png" for _ in count()), 8, ahead=10)
    next(pictures)
    assert next(numbers) == 11
    pictures.close()
    assert threading.active_count() == before
