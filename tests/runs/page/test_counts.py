from __future__ import annotations

import numpy as np
from sklearn import metrics

from keras_selflearn.runs.page.counts import confusion_matrix, confusions, labelled_counts


def test_labels_are_counted_by_class_and_meta_iteration():
    labels = np.array([0, 0, 0, 1, 1, -1, 2])
    labelled_in = np.array([0, 1, 1, 0, 3, -1, 0])
    counts = labelled_counts(labels, labelled_in, n_classes=4, meta_iterations=3)
    assert counts.tolist() == [[1, 2, 0, 0], [1, 0, 0, 1], [1, 0, 0, 0], [0, 0, 0, 0]]


def test_the_confusion_matrix_is_that_of_scikit_learn():
    rng = np.random.default_rng(0)
    true, predicted = rng.integers(0, 5, (2, 200))
    matrix = confusion_matrix(true, predicted, 6)
    expected = metrics.confusion_matrix(true, predicted, labels=range(6))
    np.testing.assert_array_equal(matrix, expected)
    unknown = np.where(np.arange(200) < 50, -1, true)
    expected = metrics.confusion_matrix(true[50:], predicted[50:], labels=range(6))
    np.testing.assert_array_equal(confusion_matrix(unknown, predicted, 6), expected)


def test_what_is_confused_most_comes_first():
    matrix = np.array([[9, 1, 0], [4, 9, 0], [0, 2, 9]])
    assert confusions(matrix, 2) == [(1, 0, 4), (2, 1, 2)]
    assert confusions(matrix, 9) == [(1, 0, 4), (2, 1, 2), (0, 1, 1)]
    assert matrix[0, 0] == 9
