from __future__ import annotations

import re

import pytest

from keras_selflearn.runs.page.curves import Series, chart, percent_ticks


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (76.8, 82.2, [76, 77, 78, 79, 80, 81, 82, 83]),
        (0, 100, [0, 20, 40, 60, 80, 100]),
        (68.7, 68.7, [66, 67, 68, 69, 70, 71]),
        (100, 100, [98, 99, 100]),
        (0, 0, [0, 1, 2]),
        (34.4, 95.1, [30, 40, 50, 60, 70, 80, 90, 100]),
        (97, 103, [97, 98, 99, 100, 101, 102, 103]),
    ],
)
def test_ticks_are_round_and_hold_all_values(low, high, expected):
    assert percent_ticks(low, high) == expected


def places(svg):
    return [tuple(map(float, each)) for each in re.findall(r'x="(\S+)" y="(\S+)" data-tip', svg)]


def test_a_point_lies_where_its_numbers_say_and_says_them():
    svg = chart([Series("a", [0, None, 50, 100], ["zero", "none", "half", "all"])], "Title")
    (x0, y0), (x2, y2), (x3, y3) = places(svg)
    assert (y0 + y3) / 2 == pytest.approx(y2, abs=0.1) and y3 < y0
    assert (x2 - x0) / (x3 - x0) == pytest.approx(2 / 3, abs=0.01)
    assert re.findall('data-tip="(.+?)"', svg) == ["zero", "half", "all"]


def test_a_spread_is_a_bar_around_its_point():
    svg = chart([Series("a", [50, 60], ["x", "y"], spread=[5, 0])], "Title")
    (_, y0), (_, y1) = places(svg)
    (low, high), (same, same_again) = re.findall(r'class="spread" d="M\S+?,(\S+)V(\S+)"', svg)
    assert float(low) - y0 == pytest.approx(y0 - float(high), abs=0.11)
    assert float(low) - y0 == pytest.approx((y0 - y1) / 2, abs=0.11)
    assert same == same_again


def test_two_lines_have_a_legend_and_one_has_none():
    lines = [Series(name, [1, 2], ["", ""]) for name in ("a<b", "c")]
    assert "a&lt;b</li>" in chart(lines, "Title") and "<li>" not in chart(lines[:1], "Title")


def test_many_meta_iterations_have_few_numbers():
    svg = chart([Series("a", [50.0] * 200, [""] * 200)], "Title")
    ticks = re.findall(r'y="245" class="middle">(\d+)<', svg)
    assert ticks == ["0", "50", "100", "150"]
