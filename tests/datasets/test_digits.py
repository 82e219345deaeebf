from __future__ import annotations

import numpy as np
from sklearn.datasets import load_digits as load_original

from keras_selflearn.datasets.digits import load_digits


def test_500_stratified_test_images_and_the_rest_for_training(digits):
    assert digits.images.shape == (1297, 32, 32, 3) and digits.images.dtype == np.uint8
    assert digits.test_images.shape == (500, 32, 32, 3)
    assert digits.class_names == tuple("0123456789")
    every = np.bincount(load_original().target) * 500 / 1797
    assert np.abs(np.bincount(digits.test_labels) - every).max() < 1
    assert np.bincount(np.concatenate([digits.labels, digits.test_labels])).sum() == 1797


def test_the_cut_is_always_the_same(digits):
    again = load_digits()
    np.testing.assert_array_equal(again.test_images, digits.test_images)
    np.testing.assert_array_equal(again.labels, digits.labels)


def test_images_are_the_originals_enlarged(digits):
    originals = load_original()
    small = digits.images[..., 0].reshape(-1, 8, 4, 8, 4).mean(axis=(2, 4)) * 16 / 255
    for image, label in zip(small[:20], digits.labels[:20]):
        errors = np.abs(originals.images - image).mean(axis=(1, 2))
        nearest = errors.argmin()
        assert errors[nearest] < 1 and originals.target[nearest] == label
    assert (digits.images[..., :1] == digits.images).all()
    assert digits.images.max() == 255 and digits.images.min() == 0


def test_no_test_image_is_trained_on(digits):
    train = {image.tobytes() for image in digits.images}
    assert not any(image.tobytes() in train for image in digits.test_images)
