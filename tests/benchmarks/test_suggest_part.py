from __future__ import annotations

import numpy as np
import pytest

from benchmarks import suggest
from benchmarks.settings import Settings


@pytest.fixture
def groups(monkeypatch):
    """Embeddings of ten groups with a class each: 300 in the pool, 100 to test."""
    monkeypatch.setattr(suggest, "POOL", 300)
    chance = np.random.default_rng(0)
    labels = np.tile(np.arange(10), 40)
    centres = chance.standard_normal((10, 32))
    rows = centres[labels] + 0.3 * chance.standard_normal((400, 32))
    return rows.astype(np.float32), labels


@pytest.mark.slow
def test_each_way_is_measured_and_classes_that_are_apart_are_told_apart(groups, monkeypatch):
    monkeypatch.setattr(suggest, "_of_draw", lambda settings, seed: groups)
    lines = [*suggest.lines(Settings(backbone="none"))]
    assert len(lines) == 8 * len(suggest.WAYS) + 1
    for line in lines[:-1]:
        assert len(line.rounds) == suggest.SEEDS and all(90 < value <= 100 for value in line.rounds)
    assert lines[-1].holds and "suggested over random" in lines[-1].name


def test_without_a_network_it_says_what_is_missing(capsys):
    assert [*suggest.lines(Settings())] == []
    assert "--backbone" in capsys.readouterr().err


def test_the_images_that_have_labels_are_not_counted():
    labels = np.array([0, 1, 0, 1, 0, 1, 1])
    rows = np.eye(2, dtype=np.float32)[labels]
    labels[4] = 1  # which looks like the others of class 0
    found = suggest.accuracies(rows, labels, 5, np.array([0, 1]))
    assert found["the head, rest of the pool"] == pytest.approx(200 / 3)
    assert found["the head, test images"] == 100
