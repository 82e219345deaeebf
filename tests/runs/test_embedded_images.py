from __future__ import annotations

from dataclasses import replace

import numpy as np

from keras_selflearn.runs import embedded_images as module
from keras_selflearn.runs.embedded_images import images_to_embed


def test_test_images_are_embedded_where_there_are_any(digits):
    found = images_to_embed(digits, np.arange(5))
    assert found.of == "test" and found.images is digits.test_images
    assert found.indices.tolist() == list(range(500))
    np.testing.assert_array_equal(found.labels, digits.test_labels)


def test_else_training_images_the_labelled_ones_among_them(digits, monkeypatch):
    monkeypatch.setattr(module, "_MOST", 20)
    labels = np.where(np.arange(len(digits.labels)) < 7, digits.labels, -1)
    own = replace(digits, labels=labels, test_images=digits.test_images[:0])
    found = images_to_embed(own, np.arange(7))
    assert found.of == "train" and found.images is digits.images
    assert found.indices[:7].tolist() == list(range(7)) and len(set(found.indices)) == 20
    np.testing.assert_array_equal(found.labels, labels[found.indices])
    assert (found.labels == -1).sum() == 13
    again = images_to_embed(own, np.arange(7))
    np.testing.assert_array_equal(found.indices, again.indices)
    most = images_to_embed(own, np.arange(50))
    assert len(most.indices) == 20 and most.indices.max() < 50
