"""Accuracy over meta-iterations as SVG, whose points say their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from keras_selflearn.runs.page.text import escape

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
        Percent after meta-iterations 0, 1, 2, ...; None: not measured.
    says : sequence of str
        What each point says.
    spread : sequence of float, or None
        Half the length of each point's bar, in percent.
    """

    name: str
    values: Sequence[float | None]
    says: Sequence[str]
    spread: Sequence[float] | None = None


def chart(series: Sequence[Series], title: str) -> str:
    """The figure: a chart with its legend; keys and pointer find each point."""
    values = [
        value + sign * (each.spread[i] if each.spread else 0)
        for each in series
        for i, value in enumerate(each.values)
        if value is not None
        for sign in (-1, 1)
    ]
    ticks = percent_ticks(min(values), max(values))
    last = max(max(len(each.values) for each in series) - 1, 1)

    def x(meta_iteration: float) -> float:
        return _LEFT + meta_iteration / last * (_WIDTH - _LEFT - _RIGHT)

    def y(value: float) -> float:
        share = (value - ticks[0]) / (ticks[-1] - ticks[0])
        return _HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM)

    parts = [_axes(x, y, ticks, last)]
    for number, each in enumerate(series):
        points = [(i, value) for i, value in enumerate(each.values) if value is not None]
        line = " ".join(f"{x(i):.1f},{y(value):.1f}" for i, value in points)
        parts.append(f'<g class="series{number}" data-row><polyline points="{line}"/>')
        for i, value in points:
            if each.spread:
                low, high = (y(value + sign * each.spread[i]) for sign in (-1, 1))
                parts.append(f'<path class="spread" d="M{x(i):.1f},{low:.1f}V{high:.1f}"/>')
            parts.append(
                f'<use href="#shape{number}" x="{x(i):.1f}" y="{y(value):.1f}"'
                f' data-tip="{escape(each.says[i])}"/>'
            )
        parts.append("</g>")
    return (
        f'<figure class="chart"><figcaption>{escape(title)}</figcaption>'
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" tabindex="0" role="application" data-points'
        f' aria-roledescription="chart" aria-label="{escape(title)}" aria-describedby="keys">'
        f"{''.join(parts)}</svg>{_legend(series)}</figure>"
    )


def percent_ticks(low: float, high: float) -> list[float]:
    """Round numbers, three to eight, from below the lowest to above the highest."""
    # A difference of a fraction of a percent is not to look like a cliff.
    more = max(_LEAST_RANGE - (high - low), 0) / 2
    low, high = max(low - more, min(low, 0)), min(high + more, max(high, 100))
    for step in _STEPS:
        first, last = int(low // step * step), -int(-high // step * step)
        if (last - first) / step <= _MOST_TICKS:
            break
    return list(range(first, last + 1, step))


def _axes(x, y, ticks: Sequence[float], last: int) -> str:
    parts = []
    for tick in ticks:
        parts.append(f'<path class="grid" d="M{_LEFT},{y(tick):.1f}H{_WIDTH - _RIGHT}"/>')
        parts.append(f'<text x="{_LEFT - 7}" y="{y(tick) + 4:.1f}" class="end">{tick}</text>')
    step = next(step for step in (*_STEPS, 100, 1000, last) if last / step <= _MOST_TICKS)
    base = _HEIGHT - _BOTTOM
    for tick in range(0, last + 1, step):
        parts.append(f'<text x="{x(tick):.1f}" y="{base + 17}" class="middle">{tick}</text>')
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    parts.append(f'<text x="{middle}" y="{_HEIGHT - 5}" class="middle">meta-iteration</text>')
    height = (_TOP + base) / 2
    parts.append(
        f'<text x="12" y="{height}" class="middle" transform="rotate(-90 12 {height})">percent'
        "</text>"
    )
    return f'<g class="axes" aria-hidden="true">{"".join(parts)}</g>'


def _legend(series: Sequence[Series]) -> str:
    if len(series) == 1:
        return ""
    entries = "".join(
        f'<li><svg class="key series{number}" viewBox="0 -6 34 12" aria-hidden="true">'
        f'<polyline points="1,0 33,0"/><use href="#shape{number}" x="17"/></svg>'
        f"{escape(each.name)}</li>"
        for number, each in enumerate(series)
    )
    return f'<ul class="legend">{entries}</ul>'
