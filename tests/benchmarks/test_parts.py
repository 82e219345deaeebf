"""Tests of the parts of the benchmark."""

from __future__ import annotations

import sys
from types import SimpleNamespace

from benchmarks import parts
from benchmarks.line import Line
from benchmarks.settings import Settings


def test_each_line_is_shown_before_the_next_is_measured(monkeypatch, capsys):
    shown = []

    def lines(settings):
        for number in range(3):
            shown.append(capsys.readouterr())
            yield Line(f"line {number}", (float(settings.rounds),))

    monkeypatch.setitem(sys.modules, "benchmarks.floor", SimpleNamespace(lines=lines))
    found = parts.run_part("floor", Settings(rounds=7))
    assert [each.name for each in found] == ["line 0", "line 1", "line 2"]
    shown.append(capsys.readouterr())
    for number, screen in enumerate(shown[1:]):
        assert screen.err.split() == ["7", "x", "line", str(number)]
        assert screen.out == ""  # for the table of the end
    assert shown[0].err == ""
