from __future__ import annotations

import csv
import io
import os
import re

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from keras_selflearn.storage.csv_files import opened_csv, unshielded, write_csv, write_rows


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


def read_back(path):
    """The rows of a file, as every reader of the package has them."""
    with opened_csv(path) as file:
        return [[unshielded(cell) for cell in row] for row in csv.reader(file, strict=True)]


# All that a file system takes for a name, as `os.fsdecode` gives it.
NAMES = st.one_of(
    st.binary(max_size=12).map(lambda raw: raw.replace(b"\0", b"") or b"x").map(os.fsdecode),
    st.text("=+-@'\t\r\n\",;\uff1d1a ", min_size=1, max_size=6),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(NAMES, NAMES), max_size=5))
@example([("a\rb.png", "c\nd.png"), ("'=1", "'cat'"), ("\r", "\n"), ("'", "''-")])
def test_whatever_name_was_written_is_read_and_no_row_is_split(rows):
    file = io.BytesIO()
    write_rows(file, ["one", "two"], rows)
    text = io.TextIOWrapper(io.BytesIO(file.getvalue()), "utf-8-sig", "surrogateescape", "")
    found = [*csv.reader(text, strict=True)]
    assert [[unshielded(cell) for cell in row] for row in found[1:]] == [[*row] for row in rows]
    cells = [cell for row in found for cell in row]
    assert not any(re.match("[=+@\t\r\n\uff1d]", cell) for cell in cells)
    assert all(re.fullmatch("-[0-9]+", cell) for cell in cells if cell.startswith("-"))


def test_cells_that_spreadsheets_would_run_begin_with_an_apostrophe(tmp_path):
    rows = [
        ["=1+1", "+a", "-a"],
        ["@cmd", "\t=1", "\r=1"],
        ["'=1", "'cat'", "a=1"],
        ["", "-", "-1"],
    ]
    write_csv(tmp_path / "a.csv", ["a", "b", "c"], [*rows, ["x", -0.25, np.float64(-1e-7)]])
    with opened_csv(tmp_path / "a.csv") as file:
        _, *found, numbers = csv.reader(file, strict=True)
    assert found == [
        ["'=1+1", "'+a", "'-a"],
        ["'@cmd", "'\t=1", "'\r=1"],
        ["''=1", "'cat'", "a=1"],
        ["", "'-", "-1"],
    ]
    assert [float(number) for number in numbers[1:]] == [-0.25, -1e-7]
    assert read_back(tmp_path / "a.csv")[1:-1] == rows
