"""Tests of tables in Markdown."""

from __future__ import annotations

import pytest

from keras_selflearn.reproduction.markdown import markdown_table, mean_and_deviation


def test_a_table_has_titles_rules_and_rows():
    text = markdown_table([("name", "---"), ("value", "---:")], [["a", "1"], ["b", "2"]])
    assert text.splitlines() == ["| name | value |", "| --- | ---: |", "| a | 1 |", "| b | 2 |"]


# By hand: the deviation of 1, 2 and 6 is the root of (4 + 1 + 9) / 2.
@pytest.mark.parametrize(
    ("values", "text"), [((3.04,), "3.0"), ((1.0, 3.0), "2.0 ± 1.4"), ((1, 2, 6), "3.0 ± 2.6")]
)
def test_several_values_have_a_deviation(values, text):
    assert mean_and_deviation(values) == text
