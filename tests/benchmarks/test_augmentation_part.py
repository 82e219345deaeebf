from __future__ import annotations

import pytest

from benchmarks import augmentation, vgg16
from benchmarks.settings import Settings
from keras_selflearn.options.augmentation import AUGMENTATION_NAMES


@pytest.mark.slow
def test_a_line_for_each_augmentation_and_one_for_all(monkeypatch):
    monkeypatch.setattr(vgg16, "BACKBONE", "tiny")
    monkeypatch.setattr(augmentation, "_STEPS", 2)
    *each, whole = augmentation.lines(Settings(rounds=2))
    assert [line.name for line in each] == list(AUGMENTATION_NAMES)
    assert all(line.unit == "ms" and min(line.rounds) > 0 for line in each)
    assert (whole.unit, whole.at_most, len(whole.rounds)) == ("%", 5.0, 2)

    assert min(whole.rounds) > 0
