"""What counts as the same model."""

from __future__ import annotations

import numpy as np
import pytest

from keras_selflearn.estimator.exporting.comparing import Comparison, random_images


@pytest.mark.parametrize(
    ("equal", "within", "agrees"),
    [(600, 600, True), (600, 594, True), (600, 593, False), (599, 600, False)],
)
def test_every_label_and_nearly_every_probability(equal, within, agrees):
    assert Comparison(600, equal, 1e-5, within).agrees is agrees


def test_it_is_said_in_one_line():
    assert Comparison(1600, 1600, 3.4e-5, 1600).sentence() == (
        "1,600 of 1,600 labels equal, largest difference of a probability 3e-05"
    )
    said = Comparison(600, 600, 0.0, 600, own=598, own_precision="mixed_bfloat16").sentence()
    assert said.endswith("; 598 are those of the classifier in its own mixed_bfloat16, too")


def test_random_images_differ_from_each_other_and_not_from_run_to_run():
    images = random_images((5, 7, 3), 10)
    assert images.shape == (10, 5, 7, 3) and images.dtype == np.uint8
    np.testing.assert_array_equal(images, random_images((5, 7, 3), 10))
    means = images.reshape(10, -1).mean(axis=1)
    assert len(set(means)) == 10 and images.min() < 30 and images.max() > 225
