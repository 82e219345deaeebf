"""Tests of the quickstart's first part."""

from __future__ import annotations

import pytest
from pictures import shows_something

from keras_selflearn.network.weights import TINY_GLYPHS
from keras_selflearn.reproduction.first_labels import PICTURE, Draw, first_labels, table
from keras_selflearn.storage.digest import sha256

DIGEST = "1de6f22afb378fc48399ab5f76dafc18f83284445856b1f6eac520a4c69754ac"


def test_the_table_shows_each_draw_and_their_mean():
    lines = table([Draw(3, (70.0, 90.0, 75.04)), Draw(4, (80.0, 80.0))]).splitlines()
    assert [line.split() for line in lines[2:]] == [
        ["draw", "3", "70.0", "%", "75.0", "%", "+5.0"],
        ["draw", "4", "80.0", "%", "80.0", "%", "+0.0"],
        ["mean", "75.0", "%", "77.5", "%", "+2.5"],
    ]


@pytest.mark.slow
def test_every_draw_gains(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    first_labels(tmp_path / "results", seed=0)
    lines = capsys.readouterr().out.splitlines()
    gains = [float(line.split()[-1]) for line in lines if line.startswith(("draw", "mean"))]
    assert len(gains) == 4
    assert min(gains[:3]) > 0 and gains[3] > 4
    runs = sorted((tmp_path / "results").glob("*/run.json"))
    assert len(runs) == 3
    assert shows_something(tmp_path / "results" / PICTURE)


def test_the_weights_are_those_that_were_measured():
    assert sha256(TINY_GLYPHS) == DIGEST and TINY_GLYPHS.stat().st_size < 2**20
