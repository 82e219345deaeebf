"""Tests of the benchmark of the graph."""

from __future__ import annotations

import pytest

from benchmarks import graph


@pytest.mark.slow
def test_its_lines_are_measured():
    lines = graph.of_size(3000)
    assert [line.unit for line in lines] == ["s", "MiB", "s"]
    assert all(line.at_most is not None and line.value >= 0 for line in lines)
