from __future__ import annotations

import hashlib

import numpy as np

from keras_selflearn.datasets.test_split import choose_test

LABELS = np.random.default_rng(0).integers(0, 4, 203)
KEYS = [f"{label}/image ({i}).JPG".encode() for i, label in enumerate(LABELS)]


def test_a_fifth_of_each_class_rounded_down():
    chosen = choose_test(LABELS, KEYS)
    assert chosen.dtype == bool and chosen.shape == (203,)
    assert np.bincount(LABELS[chosen]).tolist() == [n // 5 for n in np.bincount(LABELS)]
    assert choose_test(np.array([7] * 4), KEYS[:4]).sum() == 0


def test_the_lowest_digests_are_chosen():
    chosen = choose_test(LABELS, KEYS)
    digests = np.array([int(hashlib.sha256(key).hexdigest(), 16) for key in KEYS], object)
    for label in range(4):
        mine = label == LABELS
        assert max(digests[mine & chosen]) < min(digests[mine & ~chosen])


def test_order_does_not_matter():
    order = np.random.default_rng(1).permutation(203)
    again = choose_test(LABELS[order], [KEYS[i] for i in order])
    np.testing.assert_array_equal(again, choose_test(LABELS, KEYS)[order])


def test_the_choice_is_the_same_for_ever():
    chosen = choose_test(np.zeros(10, int), [b"leaf %d" % i for i in range(10)])
    assert np.flatnonzero(chosen).tolist() == [0, 9]


def test_the_paper_s_sizes_of_plant_village():
    counts = [630, 621, 275, 1645, 1502, 854, 1052, 513, 1192, 1162, 985, 1180, 1383, 423, 1076]
    counts += [5507, 2297, 360, 997, 1478, 1000, 152, 1000, 371, 5090, 1835, 456, 1109, 2127]
    counts += [1000, 1591, 1909, 952, 1771, 1676, 1404, 373, 5357]
    labels = np.repeat(np.arange(38), counts)
    chosen = choose_test(labels, [b"%d" % i for i in range(len(labels))])
    assert (int(np.sum(~chosen)), int(np.sum(chosen))) == (43_456, 10_849)
