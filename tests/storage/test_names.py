from __future__ import annotations

import pytest

from keras_selflearn.storage.names import cut_to_bytes, with_end


@pytest.mark.parametrize(
    ("name", "cut"), [("abcdefgh", "abcdefg"), ("木木木", "木木"), ("äöüä", "äöü"), ("abc", "abc")]
)
def test_a_name_has_at_most_so_many_bytes_and_whole_letters(name, cut):
    assert cut_to_bytes(name, 7) == cut


@pytest.mark.parametrize("letter", ["a", "ä", "木", "\U0001f9c0"])
def test_a_name_with_an_end_is_one_that_file_systems_take(letter, tmp_path):
    name = with_end(letter * (255 // len(letter.encode())), "-skipped.csv")
    assert name.endswith(letter + "-skipped.csv") and 250 < len(name.encode()) <= 255
    (tmp_path / name).touch()


@pytest.mark.parametrize("name", ["short", "caf\udce9", "ä" * 121])
def test_a_name_that_is_short_enough_stays_as_it_is(name):
    assert with_end(name, "-skipped.csv") == name + "-skipped.csv"
