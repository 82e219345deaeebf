from __future__ import annotations

import pytest

from keras_selflearn.console.several import as_text, values_in


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("A", ["A"]),
        ("A,B", ["A", "B"]),
        (" A, B ", ["A", "B"]),
        ("A,", ["A", ""]),
        ("", [""]),
        ('A, "in 2020, May/b.h5"', ["A", "in 2020, May/b.h5"]),
        ('a "b".h5', ['a "b".h5']),
        ("A\nB", ["A\nB"]),
    ],
)
def test_values_stand_between_commas(text, values):
    assert values_in(text) == values


@pytest.mark.parametrize("values", [["A"], ["A", "B"], ["a,b"], ['a"b,"', "", "c"], ["", "d"]])
def test_a_text_is_read_as_the_values_it_was_made_of(values):
    assert values_in(as_text(values)) == values
    assert as_text(["A", "b.h5"]) == "A,b.h5"
