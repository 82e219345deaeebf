"""Tables as spreadsheets and people write them; `test_listing.py` has tables of labels."""

from __future__ import annotations

import pytest

from keras_selflearn.console.errors import InputError
from keras_selflearn.storage.tables import opened_table

ROWS = [["a", "x"], ["b, c", "y"]]


def rows_of(path, columns=("path", "label")):
    with opened_table(path, columns) as table:
        return [[row[place] for place in table.places] for row in table.rows]


@pytest.mark.parametrize(
    "text",
    [
        'path,label\na,x\n"b, c",y',
        'path,label\ra,x\r"b, c",y\r',
        'label;note;path\r\nx;;a\r\ny;"1;2";b, c\r\n',
        "PATH\t Label \na\tx\nb, c\ty\n",
        '\ufeff"path";"label"\n"a";"x"\n"b, c";"y"\n',
        "sep=|\npath|label\na|x\nb, c|y\n",
    ],
)
def test_columns_are_found_whatever_the_separator_and_ends_of_lines(tmp_path, text):
    (tmp_path / "a.csv").write_bytes(text.encode())
    assert rows_of(tmp_path / "a.csv") == ROWS


def test_without_names_of_columns_the_first_line_is_a_row(tmp_path):
    (tmp_path / "a.csv").write_text("a;0,5\nb;1\n")
    with opened_table(tmp_path / "a.csv") as table:
        assert ([*table.rows], table.separator, table.line) == ([["a", "0,5"], ["b", "1"]], ";", 2)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "columns path and label.*'nothing'"),
        (b"path label\n", "its first line has 'path label'"),
        ("path,label\n".encode("utf-16-le"), "a.csv"),
        (b"\xff\xfep\0a", "a.csv"),
        (b"\xff\xfe\x00\xd8", "can't be read: .*; save it as CSV in UTF-8"),
        (b'path,label\n"a,b\n', "line 2, is no CSV"),
    ],
)
def test_what_is_no_table_is_one_sentence(tmp_path, content, message):
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(InputError, match=message) as error:
        rows_of(tmp_path / "a.csv")
    assert "\n" not in str(error.value)


def test_a_table_that_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(InputError, match="a.csv can't be read: No such file"):
        rows_of(tmp_path / "a.csv")
