from __future__ import annotations

import math

import numpy as np
import pytest

from keras_selflearn.console.errors import InputError
from keras_selflearn.selflearning.trust import (
    UntrustworthyError,
    check_classes,
    check_embeddings,
    check_loss,
    check_selected,
    needs_other_parameters,
)

IMAGES = np.random.default_rng(0).integers(0, 256, (6, 4, 4, 3), np.uint8)
SAME_IMAGES = np.repeat(IMAGES[:1], 6, axis=0)
APART = np.random.default_rng(1).normal(size=(4, 3)).astype(np.float32)
SAME = np.repeat(APART[:1], 4, axis=0)
INDICES = np.array([5, 0, 2, 3])


def check(embeddings, images=IMAGES, indices=INDICES):
    check_embeddings(embeddings, images, indices, "test", "in the training of meta-iteration 3")


def test_they_are_errors_of_the_user():
    assert issubclass(UntrustworthyError, InputError)


@pytest.mark.parametrize("loss", [0.0, -2.5, 1e30])
def test_any_number_is_a_loss(loss):
    check_loss(loss, step=1, meta_iteration=0, learning_rate=1.0)


@pytest.mark.parametrize("loss", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_no_number_says_when(loss):
    with pytest.raises(
        UntrustworthyError,
        match=f"became {loss} at gradient step 17 of meta-iteration 3: try a lower .* than 0.5",
    ):
        check_loss(loss, step=17, meta_iteration=3, learning_rate=0.5)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_an_embedding_that_is_no_number_says_when(value):
    embeddings = APART.copy()
    embeddings[2, 1] = value
    with pytest.raises(UntrustworthyError, match="test images became NaN .* meta-iteration 3"):
        check(embeddings)


@pytest.mark.parametrize("factor", [1.0, 1e-20, 1e20, 0.0])
def test_embeddings_that_are_all_the_same_have_collapsed(factor):
    noise = np.float32(1e-8) * APART  # of rounding
    with pytest.raises(UntrustworthyError, match="it is the same for all 4 test images"):
        check((SAME + noise) * np.float32(factor))


@pytest.mark.parametrize("factor", [1.0, 1e-20, 1e20])
def test_embeddings_that_differ_at_all_have_not(factor):
    one_apart = SAME.copy()
    one_apart[3, 1] *= 1.001
    for embeddings in (APART, one_apart):
        check(embeddings * np.float32(factor))


def test_images_that_are_all_the_same_may_have_the_same_embedding():
    check(SAME, SAME_IMAGES)
    check(SAME, IMAGES, np.array([2, 2, 2, 2]))
    almost = SAME_IMAGES.copy()
    almost[3, 0, 0, 0] ^= 1
    with pytest.raises(UntrustworthyError, match="collapsed"):
        check(SAME, almost)


@pytest.mark.parametrize("n", [0, 1])
def test_fewer_than_two_can_t_collapse(n):
    check(SAME[:n], IMAGES, INDICES[:n])


def test_a_class_that_has_vanished_is_named():
    check_classes(np.array([2, 0, 1, 1]), 3, 4)
    with pytest.raises(UntrustworthyError, match="In meta-iteration 4 .* 2 of 4 .* number 1"):
        check_classes(np.array([0, 3, 3]), 4, 4)


def test_a_selection_must_not_be_empty_unless_nothing_was_labelled():
    check_selected(1, 9, 2)
    check_selected(0, 0, 2)
    with pytest.raises(UntrustworthyError, match="In meta-iteration 2 none of 9 pseudo-labels"):
        check_selected(0, 9, 2)
    with pytest.raises(UntrustworthyError, match="none of 9 .* no label reaches any of these"):
        check_selected(0, 9, 1, is_reached=False)


@pytest.mark.parametrize(
    ("error", "needs"),
    [
        (UntrustworthyError("NaN"), True),
        (MemoryError(), True),
        (InputError("no room"), False),
        (KeyboardInterrupt(), False),
        (OSError(28, "No space left on device"), False),
    ],
    ids=repr,
)
def test_which_errors_ask_for_other_parameters(error, needs):
    assert needs_other_parameters(error) is needs
