from __future__ import annotations

import statistics

import pytest

from benchmarks import precision, vgg16
from benchmarks.settings import Settings


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(vgg16, "BACKBONE", "tiny")
    monkeypatch.setattr(precision, "_EMBEDDED", 200)
    monkeypatch.setattr(precision, "_TRAINED", 100)
    monkeypatch.setattr(precision, "_SEEDS", (0,))
    monkeypatch.setitem(precision._DIGITS, "backbone", "tiny")
    monkeypatch.setitem(precision._DIGITS, "epochs", 1)


@pytest.mark.slow
def test_lines_of_speed_and_accuracy(cpu, capsys):
    cpu("amx_bf16")
    training, embedding, digits = precision.lines(Settings(rounds=1))
    assert "training" in training.name and "embedding" in embedding.name
    for line in (training, embedding):
        assert line.at_least == 1.8 and line.value > 0
    assert "accuracy on digits" in digits.name and digits.unit == "points"
    assert 0 <= digits.value <= 100
    assert capsys.readouterr().err.count("--imagenet_weights") == 1


@pytest.mark.slow
def test_no_bound_on_speed_where_the_cpu_has_no_amx(cpu):
    cpu("avx512_bf16")
    for line in precision._speeds(1):
        assert line.at_least is None
        assert "1.8 is for CPUs with AMX" in line.note


def test_the_difference_of_the_means_is_held_against_the_range_of_float32(monkeypatch):
    found = {"float32": [90.0, 93.0, 91.5], "auto": [91.0, 89.0, 90.3]}

    def accuracy(dataset, n_labels, seed, precision, **parameters):
        assert (dataset, n_labels, parameters) == ("data", 100, {"loss": "triplet"})
        return found[precision][seed]

    monkeypatch.setattr(precision, "_SEEDS", (0, 1, 2))
    monkeypatch.setattr(precision, "_accuracy", accuracy)
    line = precision._accuracies("data", "somewhere", 100, loss="triplet")
    difference = statistics.fmean([90, 93, 91.5]) - statistics.fmean([91, 89, 90.3])
    assert line.value == pytest.approx(difference)
    assert line.at_most == 3.0
    assert "float32 90.0 93.0 91.5 %, auto 91.0 89.0 90.3 %" in line.note


@pytest.mark.slow
def test_accuracy_is_a_percentage_of_a_training_on_the_labels_alone(digits):
    value = precision._accuracy(digits, 50, 0, precision="float32", **precision._DIGITS)
    assert 0 < value <= 100
