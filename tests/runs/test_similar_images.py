"""The given images that are most similar to each."""

from __future__ import annotations

import numpy as np
import pytest

from keras_selflearn.console.errors import InputError
from keras_selflearn.runs.similar_images import find_similar, read_similar, write_similar


def test_the_most_similar_given_images_come_first():
    rng = np.random.default_rng(0)
    embeddings = rng.normal(0, 1, (40, 8)).astype(np.float32)
    given = np.arange(40) % 4 == 0
    centred = embeddings - embeddings.mean(axis=0)
    unit = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    cosines = unit @ unit.T
    np.fill_diagonal(cosines, -2)
    cosines[:, ~given] = -2
    expected = np.argsort(-cosines, axis=1)[:, :6]
    np.testing.assert_array_equal(find_similar(embeddings, given), expected)


def test_few_given_images_leave_places_empty():
    embeddings = np.eye(5, dtype=np.float32)
    found = find_similar(embeddings, np.arange(5) < 2)
    assert found.shape == (5, 2)
    assert found[0].tolist() == [1, -1] and found[1].tolist() == [0, -1]
    assert {*found[4].tolist()} == {0, 1}
    assert find_similar(np.ones((3, 2), np.float32), np.arange(3) < 2).shape == (3, 0)


def test_what_is_written_is_read_and_damage_is_one_sentence(tmp_path):
    path = tmp_path / "similar.npz"
    assert read_similar(path, 2) is None
    write_similar(path, np.array([[1], [-1]], np.int32))
    assert read_similar(path, 2).tolist() == [[1], [-1]]
    for n, content in ((3, None), (2, np.array([[2], [0]])), (2, np.array([[0.5], [0]]))):
        if content is not None:
            write_similar(path, content)
        with pytest.raises(InputError, match="can't be read .*: remove the file"):
            read_similar(path, n)
