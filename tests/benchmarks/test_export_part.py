"""Tests of the benchmark of exported models."""

from __future__ import annotations

import pytest

from benchmarks import export
from benchmarks.line import Line
from benchmarks.settings import Settings
from keras_selflearn.estimator.exporting.formats import FORMATS


@pytest.mark.slow
def test_a_line_of_each_format_has_its_size_its_labels_and_its_pace():
    for package in FORMATS["onnx"].packages:
        pytest.importorskip(package, reason="the extra onnx is not installed")
    options = {"backbone": "tiny", "epochs": 1}
    found = export.of_classifier("tiny, softmax", options, rounds=2, images=20)
    assert [each.name for each in found] == [f"tiny, softmax, {name}" for name in FORMATS]
    for line in found:
        assert line.unit == "ms/image" and len(line.rounds) == 2 and line.value > 0
        assert " MB, " in line.note and "20 of 20 labels equal" in line.note


def test_each_classifier_has_a_process_of_its_own(monkeypatch):
    def at_once(function, name, options, rounds):
        return [Line(f"{name}, {each}", (float(rounds),), "ms/image") for each in FORMATS]

    monkeypatch.setattr(export, "in_own_process", at_once)
    found = [*export.lines(Settings(rounds=3))]
    assert len(found) == len(FORMATS) * len(export.CLASSIFIERS) and found[0].value == 3
