"""The model card, and its interval against the table of a textbook."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from keras_selflearn.estimator.exporting.card import (
    About,
    accuracy_on,
    model_card,
    wilson_interval,
)
from keras_selflearn.estimator.exporting.comparing import Comparison
from keras_selflearn.estimator.exporting.formats import FORMATS, Target


@pytest.mark.parametrize(
    ("right", "n", "low", "high"),
    # Newcombe 1998, table I, method 3.
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_is_wilson_s(right, n, low, high):
    assert wilson_interval(right / n, n) == pytest.approx((low, high), abs=1e-4)


def test_an_accuracy_of_100_percent_has_an_interval():
    assert accuracy_on(100.0, 20).endswith("(95 % interval: 83.9 to 100.0 %).")


def fitted(**changes):
    labeller = SimpleNamespace(explanation="It was near.", name="nearest")
    state = {
        "classes": np.array(["cat", "a_b*\n# x"]),
        "image_shape": (32, 48, 3),
        "labelled_in": np.array([0, 0, 1, 2, 2, -1]),
        "labeller": labeller,
    }
    return SimpleNamespace(**{**state, **changes})


ABOUT = About("run_1", "photos: 6 images.", "80 %.", "600 of the run's test images")
SAME = Comparison(600, 600, 3e-5, 600)


@pytest.mark.parametrize("name", FORMATS)
def test_a_card_says_all_that_is_known(name):
    text = model_card(fitted(), Target(name), ABOUT, SAME)
    for part in (
        "# run\\_1",
        "photos: 6 images.",
        "80 %.",
        "2 images had labels that were given. 3 others were labelled by self-learning",
        "1 were used without a label",
        "It was near. The labeller is `nearest`.",
        "(n, 32, 48, 3) uint8 from 0 to 255, RGB",
        f"{FORMATS[name].runtime}, on 600 of the run's test images: 600 of 600 labels equal,"
        " largest difference of a probability 3e-05.",
        "The model computes in float32.",
    ):
        assert part in text


def test_a_name_of_a_class_makes_no_heading_and_no_table():
    text = model_card(fitted(), Target(), ABOUT, SAME)
    assert "Classes: cat, a\\_b\\* \\# x." in text


def test_what_the_model_takes_goes_with_what_was_chosen():
    assert "`image_bytes` (n,)" in model_card(fitted(), Target(serving=True), ABOUT, SAME)
    assert "(n, any, any, 3)" in model_card(fitted(), Target(resize_inside=True), ABOUT, SAME)
    grey = fitted(image_shape=(8, 8, 1))
    assert "(n, 8, 8, 1) uint8 from 0 to 255, grey" in model_card(grey, Target(), ABOUT, SAME)
