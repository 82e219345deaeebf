"""Tests of arrays that are filled row by row."""

from __future__ import annotations

import json

import numpy as np
import pytest

from keras_selflearn.console.errors import InputError
from keras_selflearn.storage import row_file
from keras_selflearn.storage.row_file import filled_rows

ROWS = np.random.default_rng(0).normal(size=(10, 3)).astype(np.float32)


def blocks(calls, stop_at=None):
    def blocks_from(start):
        calls.append(start)
        for row in range(start, 10, 4):
            if stop_at is not None and row >= stop_at:
                raise KeyboardInterrupt
            yield ROWS[row : row + 4]

    return blocks_from


def test_rows_are_computed_once(tmp_path):
    calls = []
    for _ in range(2):
        found = filled_rows(tmp_path / "a" / "b", (10, 3), blocks(calls))
        np.testing.assert_array_equal(found, ROWS)
        assert found.dtype == np.float32 and not found.flags.writeable
    assert calls == [0]


def test_what_was_stopped_goes_on(tmp_path):
    calls = []
    with pytest.raises(KeyboardInterrupt):
        filled_rows(tmp_path, (10, 3), blocks(calls, stop_at=8))
    np.testing.assert_array_equal(filled_rows(tmp_path, (10, 3), blocks(calls)), ROWS)
    assert calls == [0, 8]


def test_what_a_killed_process_wrote_after_its_last_note_is_computed_again(tmp_path):
    filled_rows(tmp_path, (10, 3), blocks([]))
    (tmp_path / "rows.json").write_text(json.dumps({"shape": [10, 3], "rows": 4}))
    calls = []
    np.testing.assert_array_equal(filled_rows(tmp_path, (10, 3), blocks(calls)), ROWS)
    assert calls == [4]


@pytest.mark.parametrize(
    "note",
    ["", "[]", "{}", '{"shape": [10, 3]}', '{"shape": [9, 3], "rows": 9}',
     '{"shape": [10, 3], "rows": 11}', '{"shape": [10, 3], "rows": -1}',
     '{"shape": [10, 3], "rows": true}'],
)  # fmt: skip
def test_a_damaged_note_makes_all_anew(note, tmp_path):
    filled_rows(tmp_path, (10, 3), blocks([]))
    (tmp_path / "rows.json").write_text(note)
    calls = []
    np.testing.assert_array_equal(filled_rows(tmp_path, (10, 3), blocks(calls)), ROWS)
    assert calls == [0]


def test_a_file_that_is_too_short_makes_all_anew(tmp_path):
    filled_rows(tmp_path, (10, 3), blocks([]))
    (tmp_path / "rows.f32").write_bytes(b"short")
    calls = []
    np.testing.assert_array_equal(filled_rows(tmp_path, (10, 3), blocks(calls)), ROWS)
    assert calls == [0]


def test_notes_are_written_now_and_then(tmp_path, monkeypatch):
    monkeypatch.setattr(row_file, "_SECONDS_BETWEEN_NOTES", -1)
    seen = []

    def blocks_from(start):
        for row in range(start, 10, 4):
            if row:
                seen.append(json.loads((tmp_path / "rows.json").read_text())["rows"])
            yield ROWS[row : row + 4]

    filled_rows(tmp_path, (10, 3), blocks_from)
    assert seen == [4, 8]


def test_no_rows_are_an_empty_array(tmp_path):
    assert filled_rows(tmp_path, (0, 3), lambda start: iter(())).shape == (0, 3)


def test_two_processes_do_not_write_the_same_file(tmp_path, hold):
    hold(tmp_path)
    with pytest.raises(InputError, match="Another process computes the same features"):
        filled_rows(tmp_path, (10, 3), blocks([]))


def test_a_full_disk_ends_in_one_sentence(small_disk):
    big = np.zeros((4000, 100), np.float32)
    with pytest.raises(InputError, match="make room"):
        filled_rows(small_disk / "x", big.shape, lambda start: iter([big[start:]]))
