from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_selflearn.selflearning.examples import Examples
from keras_selflearn.training.class_batches import batches_of_classes, shape_of_batch
from keras_selflearn.training.meta_training import BatchTraining


@pytest.mark.parametrize(
    ("sizes", "batch_size", "images_per_class", "shape"),
    [
        ([9] * 40, 100, 4, (25, 4)),
        ([9] * 40, 99, 4, (24, 4)),  # 3 less than 99
        ([400] * 10, 100, 4, (10, 10)),  # all classes fit, and more images of each
        ([400] * 9, 100, 4, (9, 11)),
        ([6, 2, 1], 100, 4, (3, 6)),  # more than the largest class would only repeat
        ([1, 1, 1], 100, 4, (3, 4)),
        ([9] * 25, 100, 4, (25, 4)),
    ],
)
def test_a_batch_has_p_classes_and_k_images_of_each(sizes, batch_size, images_per_class, shape):
    assert shape_of_batch(np.array(sizes), batch_size, images_per_class) == shape


class_sizes = st.lists(st.integers(1, 7), min_size=2, max_size=12)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(class_sizes, st.integers(2, 4), st.integers(2, 5), st.integers(0, 99))
def test_batches_of_classes_are_fair_whatever_the_classes(sizes, k, n_wanted, seed):
    labels = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(sizes)), sizes))
    labels = 3 * labels  # Classes may be missing.
    p, k = shape_of_batch(np.array(sizes), n_wanted * k, k)
    draw = batches_of_classes(labels, p * k, k, seed)
    of_classes, of_images = dict.fromkeys(labels, 0), np.zeros(len(labels), int)
    for step in range(2 * len(sizes)):
        batch = draw(step)
        assert len(batch) == p * k
        rows = labels[batch].reshape(p, k)
        assert (rows == rows[:, :1]).all() and len({*rows[:, 0]}) == p
        for label in rows[:, 0]:
            of_classes[label] += 1
        of_images += np.bincount(batch, minlength=len(labels))
        for label in of_classes:  # No image is seen again before all others of its class.
            assert np.ptp(of_images[labels == label]) <= 1
    # Twice as many batches as there are classes end with whole orders of all classes.
    assert {*of_classes.values()} == {2 * p}


def test_a_batch_is_a_function_of_seed_and_step():
    labels = np.arange(60) % 7
    draw = batches_of_classes(labels, 12, 4, 5)
    batches = [draw(step) for step in range(40)]
    assert len({tuple(batch) for batch in batches}) == 40
    for step in (39, 3, 17):
        again = batches_of_classes(labels, 12, 4, 5)
        np.testing.assert_array_equal(again(step), batches[step])
    assert any((batches_of_classes(labels, 12, 4, 6)(k) != batches[k]).any() for k in range(3))


def test_classes_of_one_size_have_orders_of_their_own():
    draw = batches_of_classes(np.arange(40) % 2, 40, 20, 0)
    first, second = draw(0).reshape(2, 20) // 2
    assert (first != second).any()


def test_a_training_draws_given_and_pseudo_labels_by_class():
    images = np.tile(np.arange(40, dtype=np.uint8)[:, None, None, None], (1, 32, 32, 3))
    data = Examples.from_labels(np.where(np.arange(40) < 12, np.arange(40) % 6, -1))
    pseudo = np.arange(20, 29)
    data = data.merge(pseudo, np.zeros(9, int), np.ones(9), np.full(9, -1), 1)
    way = BatchTraining(8, (), seed=0, images_per_class=4)
    assert way.steps_per_epoch(data) == 3  # 21 images, 8 in a batch
    seen = set()
    for shown, labels in way.batches(images, data, first_step=5, steps=18):
        classes, counts = np.unique(labels, return_counts=True)
        assert len(classes) == 2 and counts.tolist() == [4, 4]
        indices = shown.numpy()[:, 0, 0, 0]
        np.testing.assert_array_equal(data.labels[indices], labels)
        seen |= {*indices.tolist()}
    assert seen == {*range(12), *range(20, 29)}
