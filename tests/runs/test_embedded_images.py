from __future__ import annotations

from dataclasses import replace

import numpy as np

from keras_selflearn.runs import embedded_images as module
from keras_selflearn.runs.embedded_images import shown_images


def test_test_images_are_shown_where_there_are_any(digits):
    shown = shown_images(digits, np.arange(5))
    assert shown.of == "test" and shown.images is digits.test_images
    assert shown.indices.tolist() == list(range(500))
    np.testing.assert_array_equal(shown.labels, digits.test_labels)


def test_else_training_images_the_labelled_ones_among_them(digits, monkeypatch):
    monkeypatch.setattr(module, "_MOST", 20)
    labels = np.where(np.arange(len(digits.labels)) < 7, digits.labels, -1)
    own = replace(digits, labels=labels, test_images=digits.test_images[:0])
    shown = shown_images(own, np.arange(7))
    assert shown.of == "train" and shown.images is digits.images
    assert shown.indices[:7].tolist() == list(range(7)) and len(set(shown.indices)) == 20
    np.testing.assert_array_equal(shown.labels, labels[shown.indices])
    assert (shown.labels == -1).sum() == 13
    again = shown_images(own, np.arange(7))
    np.testing.assert_array_equal(shown.indices, again.indices)
    most = shown_images(own, np.arange(50))
    assert len(most.indices) == 20 and most.indices.max() < 50
