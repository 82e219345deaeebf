from __future__ import annotations

import threading
from itertools import count

import numpy as np
import pytest
from PIL import Image

from keras_selflearn.datasets.image_files import in_parallel
from keras_selflearn.datasets.image_files.in_parallel import (
    Encoded,
    decode_encoded,
    decode_pictures,
)


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


def encoded(name, content, size=None):
    return Encoded(name, len(content) if size is None else size, lambda: content)


def test_images_in_memory_come_as_those_in_files(folder):
    paths = [f"{i}.png" for i in range(60)]
    images = (encoded(path, (folder / path).read_bytes()) for path in paths)
    found, expected = list(decode_encoded(images, 8)), list(decode_pictures(folder, paths, 8))
    assert [name for name, _ in found] == paths
    for (_, image), (_, other) in zip(found, expected):
        np.testing.assert_array_equal(image, other)


def test_what_can_t_be_fetched_is_a_reason():
    def fail():
        raise ValueError("no answer")

    assert list(decode_encoded([Encoded("a", 0, fail)], 8)) == [("a", "no answer")]


@pytest.mark.parametrize("size, most", [(0, 201), (100, 11), (5000, 1)])
def test_so_many_bytes_wait_and_no_more(folder, monkeypatch, size, most):
    monkeypatch.setattr(in_parallel, "_BYTES_AHEAD", 1000)
    content, taken = (folder / "1.png").read_bytes(), count(1)
    images = (encoded(f"{next(taken)}", content, size) for _ in range(500))
    found = decode_encoded(images, 8, ahead=200)
    assert next(found)[0] == "1" and next(taken) == most + 1
    found.close()


def test_as_many_threads_fetch_as_asked_for(folder):
    content = (folder / "1.png").read_bytes()
    together = threading.Barrier(7, timeout=20)  # Passed only by seven at a time.

    def fetch():
        together.wait()
        return content

    found = decode_encoded([Encoded(f"{i}", 0, fetch) for i in range(14)], 8, threads=7)
    assert all((image == 1).all() for _, image in found)
