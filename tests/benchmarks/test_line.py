from __future__ import annotations

import pytest

from benchmarks.line import Line, as_text


@pytest.mark.parametrize(
    ("bounds", "holds", "words"),
    [
        ({}, True, ""),
        ({"at_least": 2.0}, True, "at least 2"),
        ({"at_least": 2.1}, False, "at least 2.1"),
        ({"at_most": 2.0}, True, "at most 2"),
        ({"at_most": 1.9}, False, "at most 1.9"),
        ({"at_most": 0}, False, "at most 0"),
    ],
)
def test_the_median_must_keep_the_bound(bounds, holds, words):
    line = Line("speed", (2.0, 90.0, 1.0), **bounds)
    assert (line.value, line.holds, line.bound) == (2.0, holds, words)
    record = line.as_record()
    assert record["value"] == 2.0 and record["holds"] is holds
    assert record["rounds"] == (2.0, 90.0, 1.0)


def test_the_table_has_a_row_a_line():
    lines = [
        Line("kept", (0.98,), at_least=0.97, note="small"),
        Line("missed", (0.6,), "s", at_most=0.5),
        Line("known", (1234.5,), "MiB"),
    ]
    kept, missed, known = as_text(lines).splitlines()
    assert kept.split() == ["0.98", "x", "at", "least", "0.97", "ok", "kept", "(small)"]
    assert missed.split() == ["0.6", "s", "at", "most", "0.5", "SHORT", "missed"]
    assert known.split() == ["1234", "MiB", "known"]
