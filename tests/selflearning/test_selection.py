from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_selflearn.selflearning.selection import select

predictions = st.lists(
    st.tuples(st.integers(0, 4), st.sampled_from([0.1, 0.5, 0.5000001, 0.9, -3.0])),
    min_size=1,
    max_size=60,
).map(lambda pairs: (np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs])))
percents = st.floats(0.01, 100)


def naive_select(labels, confidence, percent, selection):
    """Sort by confidence, then position; count with Python's own integers."""
    order = sorted(range(len(labels)), key=lambda i: (-confidence[i], i))
    wanted = int(percent * len(labels) / 100)
    each = wanted // len(set(labels.tolist()))
    taken = dict.fromkeys(labels.tolist(), 0)
    chosen = []
    if selection == "equal" and each:
        for i in order:
            if taken[labels[i]] < each:
                taken[labels[i]] += 1
                chosen.append(i)
    elif selection != "global":
        while len(chosen) < wanted:
            left = [i for i in order if i not in chosen]
            chosen.append(min(left, key=lambda i: taken[labels[i]]))
            taken[labels[chosen[-1]]] += 1
        chosen.sort(key=order.index)
    else:
        chosen = order[:wanted]
    return chosen or order[:1]


@settings(derandomize=True, deadline=None)
@given(predictions, percents, st.sampled_from(["global", "stratified", "equal"]))
def test_select_equals_the_naive_version(prediction, percent, selection):
    labels, confidence = prediction
    chosen = select(labels, confidence, percent=percent, selection=selection)
    assert chosen.tolist() == naive_select(labels, confidence, percent, selection)


@settings(derandomize=True, deadline=None)
@given(predictions, percents)
def test_global_takes_the_share_and_none_surer_is_left(prediction, percent):
    labels, confidence = prediction
    chosen = select(labels, confidence, percent=percent)
    assert len(chosen) == max(1, int(percent * len(labels) / 100)) == len(set(chosen.tolist()))
    left = np.delete(confidence, chosen)
    assert not len(left) or confidence[chosen].min() >= left.max()


@pytest.mark.parametrize("selection", ["stratified", "equal"])
def test_they_take_the_same_number_of_each_class(selection):
    labels = np.repeat([0, 1, 2], [60, 30, 10])
    confidence = np.linspace(1, 0, 100)
    chosen = select(labels, confidence, percent=15, selection=selection)
    assert np.bincount(labels[chosen]).tolist() == [5, 5, 5]
    assert np.bincount(labels[select(labels, confidence, percent=15)]).tolist() == [15]


def test_equal_divides_among_all_classes_that_there_are():
    labels = np.repeat([0, 1], 50)
    chosen = select(labels, np.ones(100), percent=20, selection="equal", n_classes=10)
    assert np.bincount(labels[chosen]).tolist() == [2, 2]


def test_equal_takes_all_of_a_class_with_too_few():
    labels = np.array([0] * 98 + [1] * 2)
    chosen = select(labels, np.ones(100), percent=20, selection="equal")
    assert np.bincount(labels[chosen]).tolist() == [10, 2]


def test_stratified_fills_up_with_other_classes_where_one_has_too_few():
    labels = np.array([0] * 98 + [1] * 2)
    chosen = select(labels, np.ones(100), percent=20, selection="stratified")
    assert np.bincount(labels[chosen]).tolist() == [18, 2]


def test_stratified_gives_what_is_left_over_to_the_surest_classes():
    labels = np.arange(60) % 3
    confidence = np.where(labels == 1, 0.2, 0.9)
    chosen = select(labels, confidence, percent=19, selection="stratified")
    assert np.bincount(labels[chosen]).tolist() == [4, 3, 4]
    equal = select(labels, confidence, percent=19, selection="equal")
    assert np.bincount(labels[equal]).tolist() == [3, 3, 3]


@pytest.mark.parametrize("selection", ["stratified", "equal"])
def test_they_take_as_many_as_global_where_classes_outnumber_them(selection):
    labels = np.arange(500) % 50
    confidence = np.random.default_rng(0).permutation(500) / 500
    chosen = select(labels, confidence, percent=5, selection=selection, n_classes=50)
    assert len(chosen) == 25 and len(set(labels[chosen])) == 25
    surest = [confidence[labels == label].max() for label in range(50)]
    assert {*labels[chosen]} == {*np.argsort(surest)[25:]}
    assert (np.diff(confidence[chosen]) < 0).all()


@pytest.mark.parametrize("selection", ["stratified", "equal"])
def test_they_take_more_of_few_predicted_classes_rather_than_fewer_images(selection):
    labels = np.arange(500) % 3
    chosen = select(labels, np.ones(500), percent=5, selection=selection, n_classes=50)
    assert sorted(np.bincount(labels[chosen]).tolist()) == [8, 8, 9]


def test_nothing_is_selected_of_nothing():
    assert len(select(np.empty(0, int), np.empty(0), percent=5)) == 0


@pytest.mark.parametrize("percent", [0, -1, 100.1, float("nan")])
def test_percentage_outside_0_to_100_is_an_error(percent):
    with pytest.raises(ValueError, match=f"percentage is {percent}"):
        select(np.zeros(3, int), np.zeros(3), percent=percent)


def test_unknown_selection_is_an_error():
    with pytest.raises(ValueError, match="did you mean 'stratified'"):
        select(np.zeros(3, int), np.zeros(3), percent=5, selection="stratifed")


def test_nan_confidence_is_an_error():
    with pytest.raises(ValueError, match="1 of 2 confidences are NaN"):
        select(np.zeros(2, int), np.array([np.nan, 1.0]), percent=5)
