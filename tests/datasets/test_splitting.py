from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_selflearn.datasets import Dataset
from keras_selflearn.datasets.splitting import choose_labelled, subset

label_lists = st.lists(st.integers(3, 12), min_size=2, max_size=6).map(
    lambda counts: np.random.default_rng(0).permutation(np.repeat(np.arange(len(counts)), counts))
)


@settings(derandomize=True, deadline=None)
@given(label_lists, st.data(), st.integers(0, 2**32))
def test_choice_is_balanced_distinct_and_repeatable(labels, data, seed):
    n_classes = labels.max() + 1
    n_labelled = data.draw(st.integers(n_classes, 3 * n_classes))
    chosen = choose_labelled(labels, n_labelled, seed=seed)
    counts = np.bincount(labels[chosen], minlength=n_classes)
    assert len(np.unique(chosen)) == n_labelled == counts.sum()
    assert counts.max() - counts.min() <= 1
    assert (np.diff(chosen) > 0).all()
    np.testing.assert_array_equal(chosen, choose_labelled(labels, n_labelled, seed=seed))


def test_seeds_choose_differently():
    labels = np.repeat([0, 1], 500)
    first, second = (choose_labelled(labels, 20, seed=seed) for seed in (0, 1))
    assert set(first) != set(second)


def test_every_example_can_be_chosen():
    labels = np.repeat([0, 1], 4)
    seen = {i for seed in range(50) for i in choose_labelled(labels, 2, seed=seed)}
    assert seen == set(range(8))


def test_fewer_labels_than_classes_is_an_error():
    with pytest.raises(ValueError, match="1 labels are too few for 2 classes"):
        choose_labelled(np.array([0, 1]), 1, seed=0)


def test_more_labels_than_a_class_has_is_an_error():
    labels = np.array([0] * 10 + [1] * 3)
    with pytest.raises(ValueError, match="need 4 of class 1, which has 3: ask for at most 6"):
        choose_labelled(labels, 8, seed=0)


def balanced(n_train=60, n_test=30):
    images = np.arange(n_train, dtype=np.uint8)[:, None, None, None]
    test_images = np.arange(100, 100 + n_test, dtype=np.uint8)[:, None, None, None]
    return Dataset(
        images, np.arange(n_train) % 3, test_images, np.arange(n_test) % 3, ("a", "b", "c")
    )


def test_subset_is_balanced_and_keeps_images_with_their_labels():
    part = subset(balanced(), 12, 6)
    assert np.bincount(part.labels).tolist() == [4] * 3
    assert np.bincount(part.test_labels).tolist() == [2] * 3
    assert (part.images[:, 0, 0, 0] % 3 == part.labels).all()
    assert ((part.test_images[:, 0, 0, 0] - 100) % 3 == part.test_labels).all()
    assert len(set(part.images[:, 0, 0, 0].tolist())) == 12


def test_subset_is_the_same_always():
    first, second = subset(balanced(), 12, 6), subset(balanced(), 12, 6)
    np.testing.assert_array_equal(first.images, second.images)
    np.testing.assert_array_equal(first.test_images, second.test_images)


@pytest.mark.parametrize("number", [None, 60, 61])
def test_whole_data_is_not_copied(number):
    data = balanced()
    assert np.shares_memory(subset(data, number, None).images, data.images)


def test_images_without_a_label_are_never_drawn_as_labelled():
    labels = np.array([-1, 0, 1, -1, 0, 1, -1, -1])
    assert set(labels[choose_labelled(labels, 4, seed=0)].tolist()) == {0, 1}


def test_images_without_a_label_keep_their_share_of_a_subset():
    labels = np.repeat([-1, 0, 1], [80, 10, 10])
    images = np.zeros((100, 1, 1, 3), np.uint8)
    whole = Dataset(images, labels, images[:0], labels[:0], ("a", "b"))
    assert np.bincount(subset(whole, 50, None).labels + 1).tolist() == [40, 5, 5]
    assert np.bincount(subset(whole, 4, None).labels + 1).tolist() == [2, 1, 1]
