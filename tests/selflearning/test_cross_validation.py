from __future__ import annotations

import numpy as np
import pytest

from keras_selflearn.selflearning.cross_validation import CrossValidation, folds, most_folds

LABELS = np.array([0] * 6 + [1] * 4 + [2] * 9)


def test_mean_and_spread_by_meta_iteration():
    found = CrossValidation.of([[50.0, 70.0], [60.0, 90.0]])
    assert found == CrossValidation(2, (55.0, 80.0), (5.0, 10.0))


def test_a_fold_that_ended_early_stays_where_it_was():
    found = CrossValidation.of([[50.0], [60.0, 90.0]])
    assert found.accuracy == (55.0, 70.0)


def test_what_a_fold_did_not_measure_is_not_known():
    found = CrossValidation.of([[50.0, None, 60.0], [60.0, None, 80.0]])
    assert found.accuracy == (55.0, None, 70.0) and found.spread == (5.0, None, 10.0)


@pytest.mark.parametrize(
    ("accuracy", "best"),
    [((10.0, 30.0, 20.0), 1), ((30.0, 30.0), 0), ((10.0, None, 20.0), 2), ((0.0,), 0)],
)
def test_the_best_is_the_first_of_the_highest(accuracy, best):
    assert CrossValidation(2, accuracy, accuracy).best() == best


@pytest.mark.parametrize(("wanted", "possible"), [(3, 3), (4, 4), (5, 4), (2, 2)])
def test_no_fold_is_without_a_class(wanted, possible):
    assert most_folds(LABELS, wanted) == possible


@pytest.mark.parametrize(("labels", "wanted"), [([0, 0, 1], 3), ([0, 1], 2), ([0, 0, 1, 1], 0)])
def test_there_may_be_none(labels, wanted):
    assert most_folds(np.array(labels), wanted) == 0


def test_each_example_is_held_out_once_and_classes_in_proportion():
    parts = list(folds(LABELS, 3, seed=0))
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(LABELS)))
    for part in parts:
        assert np.bincount(LABELS[part]).tolist() in ([2, 1, 3], [2, 2, 3])


def test_the_seed_decides():
    first, same, other = ([*map(list, folds(LABELS, 3, seed=seed))] for seed in (0, 0, 1))
    assert first == same != other
