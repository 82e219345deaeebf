from __future__ import annotations

import csv

import pytest

from keras_selflearn.storage.csv_files import write_csv


def test_names_come_back_whatever_their_bytes(tmp_path):
    rows = [["a,b", 'say "x"'], ["line\nbreak", "é"], ["not UTF-8: \udce9", "1"]]
    write_csv(tmp_path / "a.csv", ["one", "two"], iter(rows))
    with (tmp_path / "a.csv").open(
        newline="", encoding="utf-8-sig", errors="surrogateescape"
    ) as file:
        assert list(csv.reader(file)) == [["one", "two"], *rows]
    assert (tmp_path / "a.csv").read_bytes().startswith(b"\xef\xbb\xbfone,two\n")
    assert b": \xe9,1\n" in (tmp_path / "a.csv").read_bytes()


def test_what_was_there_stays_when_a_row_can_t_be_had(tmp_path):
    def rows():
        yield ["1"]
        raise KeyError("2")

    (tmp_path / "a.csv").write_text("before")
    with pytest.raises(KeyError):
        write_csv(tmp_path / "a.csv", ["number"], rows())
    assert (tmp_path / "a.csv").read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]
