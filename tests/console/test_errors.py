from __future__ import annotations

import numpy as np
import pytest

from keras_selflearn.console.errors import (
    InputError,
    check_integer,
    check_number,
    first_line,
    one_line,
    unknown_name,
)


def test_nearest_name_is_suggested():
    message = str(unknown_name("loss", "arcfce", ["triplet", "arcface"]))
    assert message == ("Unknown loss 'arcfce': did you mean 'arcface'? Known are arcface, triplet.")


def test_nothing_is_suggested_for_a_name_like_no_other():
    assert "did you mean" not in str(unknown_name("loss", "xyz", ["arcface"]))


def test_a_name_in_another_case_is_suggested():
    assert "did you mean 'ArcFace'?" in str(unknown_name("loss", "ARCFACE", ["ArcFace", "x"]))


def test_an_error_is_quoted_by_its_first_line_or_its_kind():
    assert first_line(ValueError("\n no such layer.\nTraceback")) == "no such layer"
    assert first_line(KeyError()) == "KeyError"
    assert one_line(ValueError("no\nsuch  layer")) == "ValueError: no such layer"
    assert len(one_line(ValueError("no " * 999))) <= 300


def test_input_error_is_a_value_error():
    assert issubclass(InputError, ValueError)


@pytest.mark.parametrize("value", [1, 0.5, np.float32(0.25), 2])
def test_numbers_within_the_bounds_pass(value):
    check_number("rate", value, above=0, most=2)


@pytest.mark.parametrize("value", [0, 2.1, float("nan"), float("inf"), "1", None, True])
def test_other_numbers_are_errors_that_say_the_bounds(value):
    with pytest.raises(InputError, match="rate is .*: give a number above 0 and at most 2"):
        check_number("rate", value, above=0, most=2)


@pytest.mark.parametrize("value", [1, np.int64(7)])
def test_integers_from_the_least_on_pass(value):
    check_integer("epochs", value, least=1)


@pytest.mark.parametrize("value", [0, 2.5, 10**20, "3", None, True])
def test_what_is_no_such_integer_is_an_error(value):
    with pytest.raises(InputError, match="epochs is .*: give an integer from 1 to"):
        check_integer("epochs", value, least=1)
