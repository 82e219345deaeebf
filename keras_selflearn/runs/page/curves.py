"""Accuracy over meta-iterations as SVG, with numbers at each point."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from keras_selflearn.runs.page.templates import render

_WIDTH, _HEIGHT = 420, 270
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 12, 14, 42
_MOST_TICKS = 7
_LEAST_RANGE = 4
_STEPS = (1, 2, 5, 10, 20, 25, 50)


@dataclass(frozen=True)
class Series:
    """A line of a chart.

    Attributes
    ----------
    name : str
    values : sequence of float or None
        Percent after meta-iterations 0, 1, 2, ...; None where it was not measured.
    says : sequence of str
        The words at each point.
    spread : sequence of float or None, or None
        Half the length of the bar at each point, in percent.
    """

    name: str
    values: Sequence[float | None]
    says: Sequence[str]
    spread: Sequence[float | None] | None = None


def chart(series: Sequence[Series], title: str) -> Markup:
    """Render a chart with its legend; keys and pointer find each point."""
    values = [
        value + sign * ((each.spread[i] if each.spread else None) or 0)
        for each in series
        for i, value in enumerate(each.values)
        if value is not None
        for sign in (-1, 1)
    ]
    ticks = percent_ticks(min(values), max(values))
    last = max(max(len(each.values) for each in series) - 1, 1)

    def x(meta_iteration: float) -> str:
        return f"{_LEFT + meta_iteration / last * (_WIDTH - _LEFT - _RIGHT):.1f}"

    def y(value: float, below: float = 0) -> str:
        share = (value - ticks[0]) / (ticks[-1] - ticks[0])
        return f"{_HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM) + below:.1f}"

    lines = [
        [
            (x(i), y(value), each.says[i], _bar(value, each.spread[i] if each.spread else None, y))
            for i, value in enumerate(each.values)
            if value is not None
        ]
        for each in series
    ]
    step = next(step for step in (*_STEPS, 100, 1000, last) if last / step <= _MOST_TICKS)
    return render(
        "chart.html",
        title=title,
        width=_WIDTH,
        height=_HEIGHT,
        left=_LEFT,
        right=_WIDTH - _RIGHT,
        bottom=_HEIGHT - _BOTTOM,
        middle=((_LEFT + _WIDTH - _RIGHT) / 2, (_TOP + _HEIGHT - _BOTTOM) / 2),
        percents=ticks,
        meta_iterations=range(0, last + 1, step),
        lines=lines,
        names=[each.name for each in series],
        x=x,
        y=y,
    )


def _bar(value: float, spread: float | None, y: Callable[[float], str]) -> tuple[str, str] | None:
    """Place the ends of a point's bar."""
    return None if spread is None else (y(value - spread), y(value + spread))


def percent_ticks(low: float, high: float) -> list[float]:
    """Choose three to eight round numbers, from below the lowest to above the highest value."""
    # A small difference must not look like a cliff.
    more = max(_LEAST_RANGE - (high - low), 0) / 2
    low, high = max(low - more, min(low, 0)), min(high + more, max(high, 100))
    for step in _STEPS:
        first, last = int(low // step * step), -int(-high // step * step)
        if (last - first) / step <= _MOST_TICKS:
            break
    return list(range(first, last + 1, step))
