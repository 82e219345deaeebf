"""Tests of whether self-learning helped."""

from __future__ import annotations

import numpy as np
import pytest

from keras_selflearn.selflearning.verdict import Changes, Verdict


def test_changes_are_counted_image_by_image():
    labels = np.array([0, 1, 2, 0, -3])
    before, after = np.array([0, 0, 2, 1, 0]), np.array([0, 1, 1, 1, 2])
    assert Changes.between(before, after, labels) == Changes(5, right_before=2, gained=1, lost=1)


def test_folds_add_up():
    verdict = Verdict.of([Changes(30, 20, 6, 1), Changes(20, 19, 0, 2)])
    assert verdict.images == 50
    assert verdict.before == 78 and verdict.after == 84 and verdict.gain == 6


def test_the_interval_is_that_of_its_formula():
    """Agresti and Min 2005: a half more in each cell, then the usual interval of a difference."""
    verdict = Verdict.of([Changes(50, 39, 6, 3)])
    n, up, down = 52, 6.5 / 52, 3.5 / 52
    expected = 196 * np.sqrt((up + down - (up - down) ** 2) / n)
    assert verdict.half_width == pytest.approx(expected)


def test_the_interval_holds_the_truth_19_times_in_20():
    chance = np.random.default_rng(0)
    # Right before and after: 60 %; gained 15 %, lost 5 %; so the true gain is 10 points.
    draws = chance.multinomial(60, [0.6, 0.15, 0.05, 0.2], size=4000)
    verdicts = [
        Verdict.of([Changes(60, both + lost, gained, lost)]) for both, gained, lost, _ in draws
    ]
    held = np.mean([abs(each.gain - 10) <= each.half_width for each in verdicts])
    assert 0.93 <= held <= 0.97


def test_nothing_changed_is_not_a_certain_gain_of_nothing():
    verdict = Verdict.of([Changes(10, 9, 0, 0)])
    assert verdict.gain == 0 and verdict.half_width > 5


def test_it_is_one_line():
    verdict = Verdict.of([Changes(50, 39, 4, 1)])
    assert verdict.by("folds") == "Self-learning: 78 -> 84 % (folds, +6 ± 9)"
    assert "(test images, -10 ±" in Verdict.of([Changes(10, 9, 0, 1)]).by("test images")
