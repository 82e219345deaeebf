from __future__ import annotations

from keras_selflearn.errors import InputError, unknown_name


def test_nearest_name_is_suggested():
    message = str(unknown_name("loss", "arcfce", ["triplet", "arcface"]))
    assert message == ("Unknown loss 'arcfce': did you mean 'arcface'? Known are arcface, triplet.")


def test_nothing_is_suggested_for_a_name_like_no_other():
    assert "did you mean" not in str(unknown_name("loss", "xyz", ["arcface"]))


def test_input_error_is_a_value_error():
    assert issubclass(InputError, ValueError)
