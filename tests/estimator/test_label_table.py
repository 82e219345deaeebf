from __future__ import annotations

import sqlite3

import pytest

from keras_selflearn.estimator.label_table import ORDERS, LabelTable

ROWS = [
    ("b.png", 1, 0.5, 3),
    ("a/ü.png", 0, 0.9, None),
    ("a.png", 1, 0.25, 7),
    ("a/\udcff.png", 0, 0.5, None),  # a name that is no UTF-8
    ("A.png", 1, 0.5, 2),
]


@pytest.mark.parametrize(
    ("order", "key"),
    [
        ("path", lambda row: row[0].encode("utf-8", "surrogateescape")),
        ("confidence", lambda row: (row[2], row[0].encode("utf-8", "surrogateescape"))),
        ("label", lambda row: (row[1], row[2], row[0].encode("utf-8", "surrogateescape"))),
    ],
)
def test_rows_come_back_in_order(tmp_path, order, key):
    assert order in ORDERS
    table = LabelTable(tmp_path / "a #?% ü.sqlite", order)
    for row in ROWS:
        table.add(*row)
    table.skip("z.png", "no image '\udcff'")
    table.skip("y.png", "empty")
    assert list(table.rows()) == sorted(ROWS, key=key)
    assert list(table.skipped()) == [("y.png", "empty"), ("z.png", "no image '\udcff'")]
    assert (table.n_labelled, table.n_skipped) == (5, 2)
    table.close()


def test_a_place_that_can_t_be_written_is_an_error(tmp_path):
    with pytest.raises(sqlite3.Error):
        LabelTable(tmp_path / "none" / "labels.sqlite", "path")


def test_a_full_disk_is_an_error(small_disk):
    table = LabelTable(small_disk / "labels.sqlite", "path")
    with pytest.raises(sqlite3.Error, match="full"):
        for i in range(100_000):
            table.add(f"{i:0100}", 0, 0.0, None)
    table.close()
