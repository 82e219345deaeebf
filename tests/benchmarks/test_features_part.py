"""Tests of the benchmark from files to features."""

from __future__ import annotations

import pytest

from benchmarks import features
from benchmarks.settings import Settings


@pytest.mark.slow
def test_the_share_of_the_network_is_measured(monkeypatch):
    for name, value in {"_BACKBONE": "tiny", "_SIZE": 32, "_IMAGES": 12}.items():
        monkeypatch.setattr(features, name, value)
    (line,) = features.lines(Settings(rounds=2))
    assert line.at_least == 0.85 and len(line.rounds) == 2
    assert all(0 < share < 1 for share in line.rounds)
