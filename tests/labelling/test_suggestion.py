from __future__ import annotations

import numpy as np
import pytest

from keras_selflearn.labelling.suggestion import suggest

D = 12


def directions(n):
    """Rows of length 1 that are at right angles."""
    return np.linalg.qr(np.random.default_rng(0).standard_normal((D, D)))[0][:n].astype(np.float32)


def near(centres, n, deviation, seed=1):
    """`n` rows around each centre, and the centre of each."""
    chance = np.random.default_rng(seed)
    rows = np.repeat(centres, n, axis=0)
    rows = rows + deviation * chance.standard_normal(rows.shape).astype(np.float32)
    return rows.astype(np.float32), np.repeat(np.arange(len(centres)), n)


def test_without_labels_there_is_the_middle_of_each_group():
    rows, groups = near(directions(5), 40, 0.08)
    found = suggest(rows, 5)
    assert sorted(groups[found.index]) == [0, 1, 2, 3, 4]
    assert found.stands_for.tolist() == [40] * 5
    assert (found.predicted == -1).all() and np.isnan(found.probability).all()
    for index in found.index:
        of_group = rows[groups == groups[index]]
        to_mean = np.linalg.norm(of_group - of_group.mean(axis=0), axis=1)
        assert np.linalg.norm(rows[index] - of_group.mean(axis=0)) <= np.quantile(to_mean, 0.3)


@pytest.fixture
def doubtful():
    """Three classes with three labels each, and images between each two of them."""
    centres = directions(3)
    clear, classes = near(centres, 60, 0.05)
    between, _ = near(centres + np.roll(centres, 1, axis=0), 20, 0.15, seed=2)
    labels = np.full(len(clear) + len(between), -1)
    for each in range(3):
        labels[np.flatnonzero(classes == each)[:3]] = each
    return np.concatenate([clear, between]), labels, len(clear)


def test_uncertain_images_are_suggested_with_the_two_classes_in_question(doubtful):
    rows, labels, n_clear = doubtful
    found = suggest(rows, 6, labels=labels)
    assert len({*found.index}) == 6 and (labels[found.index] == -1).all()
    assert (found.index >= n_clear).all() and (found.probability < 0.8).all()
    pair = (found.index - n_clear) // 20  # The images between class k and the one before it.
    for k, predicted, second in zip(pair, found.predicted, found.second):
        assert {predicted, second} == {k, (k - 1) % 3}
    assert {*pair} == {0, 1, 2}


def test_the_predicted_classes_take_turns(doubtful):
    rows, labels, _ = doubtful
    found = suggest(rows, 6, labels=labels)
    assert sorted(found.predicted[:3]) == [0, 1, 2]
    assert np.bincount(found.predicted, minlength=3).max() <= 3


def test_labels_may_be_any_numbers(doubtful):
    rows, labels, _ = doubtful
    renamed = np.where(labels < 0, labels, labels * 10 + 3)
    first, second = suggest(rows, 6, labels=labels), suggest(rows, 6, labels=renamed)
    assert (first.index == second.index).all()
    assert (second.predicted == first.predicted * 10 + 3).all()


def test_of_images_that_are_nearly_the_same_there_is_one(doubtful):
    rows, labels, _ = doubtful
    again = rows + 1e-3 * np.random.default_rng(3).standard_normal(rows.shape).astype(np.float32)
    found = suggest(
        np.concatenate([rows, again]),
        12,
        labels=np.concatenate([labels, np.full(len(labels), -1)]),
    )
    assert len({index % len(rows) for index in found.index}) == 12


def test_none_is_nearly_a_labelled_image():
    centres = directions(4)
    rows = np.concatenate([np.repeat(centres, 5, axis=0), near(centres, 5, 0.3)[0]])
    labels = np.full(40, -1)
    labels[[0, 5, 10, 15]] = [0, 0, 1, 1]
    assert (suggest(rows, 8, labels=labels).index >= 20).all()


def test_where_all_show_the_same_there_are_as_many_as_wanted():
    rows = np.ones((20, D), np.float32)
    labels = np.array([0, 1, *[-1] * 18])
    for given in (None, labels):
        found = suggest(rows, 5, labels=given)
        assert len({*found.index}) == 5
    assert (labels[found.index] == -1).all()


def test_there_are_no_more_than_are_unlabelled(doubtful):
    rows, labels, _ = doubtful
    free = np.flatnonzero(labels < 0)
    assert sorted(suggest(rows, 1000, labels=labels).index) == free.tolist()
    assert suggest(rows, 5, labels=np.zeros(len(rows), int)).index.shape == (0,)


def test_labels_of_one_class_count_as_none_but_are_not_suggested():
    rows, groups = near(directions(5), 40, 0.08)
    labels = np.where(groups == 0, 0, -1)
    found = suggest(rows, 8, labels=labels)
    assert (groups[found.index] > 0).all() and (found.predicted == -1).all()


def test_the_seed_decides(doubtful):
    rows, labels, _ = doubtful
    one, other = (suggest(rows, 6, labels=labels, seed=7) for _ in range(2))
    assert (one.index == other.index).all()
