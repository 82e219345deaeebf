from __future__ import annotations

import hashlib

import numpy as np
import pytest

from keras_selflearn.console.errors import InputError
from keras_selflearn.storage import digest


@pytest.mark.parametrize("size", [0, 1, 99, 100, 101, 250])
def test_a_file_larger_than_a_piece(tmp_path, monkeypatch, size):
    monkeypatch.setattr(digest, "_PIECE", 100)
    content = np.random.default_rng(0).bytes(size)
    path = tmp_path / "file"
    path.write_bytes(content)
    assert digest.sha256(path) == hashlib.sha256(content).hexdigest()
    with path.open("rb") as file:
        start = file.read(10)
        assert digest.sha256_of_rest(file) == hashlib.sha256(content[len(start) :]).hexdigest()
        assert not file.read()


def test_an_array_is_read_in_the_order_of_its_elements():
    array = np.arange(6, dtype=np.uint8).reshape(2, 3)
    assert digest.sha256_of_array(array) == hashlib.sha256(bytes(range(6))).hexdigest()
    assert digest.sha256_of_array(array.T) == hashlib.sha256(bytes([0, 3, 1, 4, 2, 5])).hexdigest()


@pytest.mark.parametrize("n", [1, 3, 100, 199, 1000])
def test_a_sample_is_of_the_first_the_last_and_those_between(n):
    images = np.arange(n, dtype=np.uint16)[:, None]
    last = min(n, 100) - 1
    chosen = [i * (n - 1) // last for i in range(last)] + [n - 1]
    assert digest.sha256_of_sample(images) == digest.sha256_of_array(images[chosen])


@pytest.mark.parametrize(
    "array", [np.zeros((0, 3)), np.array(3.5), np.arange(5000.0).reshape(50, 100)]
)
def test_a_digest_in_parts_is_that_of_the_whole(array, monkeypatch):
    monkeypatch.setattr(digest, "_PIECE", 2000)
    assert digest.sha256_of_array(array) == hashlib.sha256(array.tobytes()).hexdigest()


def test_a_file_with_holes_of_300_gib_is_not_read(tmp_path):
    path = tmp_path / "large.weights.h5"
    with path.open("wb") as file:
        file.truncate(300 * 2**30)
    with pytest.raises(InputError, match="has 300 GiB, and a file of weights has at most 16"):
        digest.sha256(path)
