"""Tests of the measurement of leaves."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.leaves import Change, draw_unequal, fit, is_seen, table
from keras_selflearn.datasets import load_dataset
from keras_selflearn.options.config import Config
from keras_selflearn.runs.configuration import resolve


class Leaves:
    labels = np.array([0, 0, 1, 1])
    test_labels = np.array([0, 1, 1, 0])


def test_a_leaf_is_one_of_its_class():
    found = is_seen(np.array(["5", "6", "7", ""]), np.array(["5", "5", "7", ""]), Leaves)
    assert found.tolist() == [1, 0, 1, -1]


def test_the_most_frequent_class_has_ten_times_as_many():
    labels = np.repeat(np.arange(5), [100, 20, 100, 100, 100])
    drawn = draw_unequal(labels, 0)
    numbers = np.bincount(labels[drawn]).tolist()
    # 100 to 10 in equal steps of the logarithm, by hand; the class of 20 is the rarest.
    assert sorted(numbers) == [10, 18, 32, 56, 100] and numbers[1] == 10
    assert len(np.unique(drawn)) == len(drawn)
    assert not np.array_equal(drawn, draw_unequal(labels, 1))
    np.testing.assert_array_equal(drawn, draw_unequal(labels, 0))


def test_the_table_has_each_draws_gain():
    text = table([Change("test images", (60.0, 62.0), (70.0, 71.0))])
    # The sample deviations of 60 and 62, and of 70 and 71, by hand.
    assert text.splitlines()[2] == "| test images | 61.0 ± 1.4 | 70.5 ± 0.7 | +10.0, +9.0 |"


@pytest.mark.slow
def test_labels_before_and_after(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    data = load_dataset("digits")
    config = Config(
        dataset="digits",
        backbone="tiny",
        weights="random",
        train="head",
        labelling="graph",
        pseudo_labels="revised",
        selection_percent=100,
        meta_iterations=2,
    )
    labels = np.where(np.arange(len(data.labels)) < 50, data.labels, -1)
    own, of_test = fit(resolve(config), data.images, labels, data, 0)
    for before, after, truth in ((*own, data.labels), (*of_test, data.test_labels)):
        assert before.shape == after.shape == truth.shape
        assert (before != after).any()
        assert min((before == truth).mean(), (after == truth).mean()) > 0.2
