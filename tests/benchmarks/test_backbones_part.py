"""Tests of the benchmark of networks."""

from __future__ import annotations

import pytest

from benchmarks import backbones
from benchmarks.line import Line
from benchmarks.settings import Settings
from keras_selflearn.network.applications import APPLICATIONS


def test_each_name_is_a_network_of_keras():
    assert {*backbones.NAMES} <= {*APPLICATIONS}


@pytest.mark.slow
def test_a_line_has_the_pace_and_the_size():
    (line,) = backbones.of_network("MobileNetV3Small", 64, images=4)
    assert line.unit == "images/s" and line.value > 0
    assert line.note == "4 MB"


def test_each_network_is_given_as_soon_as_it_is_measured(monkeypatch):
    measured = []

    def at_once(function, name, size):
        measured.append((name, size))
        return [Line(f"{name} at {size} pixels", (1.0,), "images/s")]

    monkeypatch.setattr(backbones, "in_own_process", at_once)
    found = iter(backbones.lines(Settings()))
    assert next(found).name == f"{backbones.NAMES[0]} at 160 pixels" and len(measured) == 1
    assert len([*found]) + 1 == len(measured) == 2 * len(backbones.NAMES)
