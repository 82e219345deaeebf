"""Tests of the benchmark of networks."""

from __future__ import annotations

from benchmarks import backbones
from keras_selflearn.network.applications import APPLICATIONS


def test_each_name_is_a_network_of_keras():
    assert {*backbones.NAMES} <= {*APPLICATIONS}


def test_a_line_has_the_pace_and_the_size():
    (line,) = backbones.of_network("MobileNetV3Small", 64, images=4)
    assert line.unit == "images/s" and line.value > 0
    assert line.note == "4 MB"
