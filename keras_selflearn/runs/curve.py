"""A picture of the accuracy over meta-iterations, with one line for each run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from keras_selflearn.runs.drawing import LINE_STYLES, accuracy_axes, save_picture

# Of the picture's range.
_HEIGHT_OF_TEXT = 0.045


@dataclass(frozen=True)
class Curve:
    """A line of the picture.

    Attributes
    ----------
    name : str
    accuracies : sequence of float or None
        Percent after meta-iterations 0, 1, 2, ... None if it was not measured. The first and the
        last are measured.
    """

    name: str
    accuracies: Sequence[float | None]


def draw_curves(curves: Sequence[Curve], title: str, path: Path, *, lowest: float = 0) -> None:
    """Draw up to three curves to the PNG at `path`, from the accuracy `lowest` in percent on."""
    figure, axes = accuracy_axes(title)
    measured = [
        {i: each for i, each in enumerate(curve.accuracies) if each is not None} for curve in curves
    ]
    heights = _apart([each[max(each)] for each in measured], _HEIGHT_OF_TEXT * (100 - lowest))
    for curve, points, height, (color, marker, line) in zip(curves, measured, heights, LINE_STYLES):
        axes.plot(
            [*points],
            [*points.values()],
            color=color,
            marker=marker,
            linestyle=line,
            label=curve.name,
        )
        last = max(points)
        axes.annotate(
            f"{points[last]:.1f} %",
            (1, height),
            xycoords=axes.get_yaxis_transform(),  # beside the axes
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            color=color,
        )
    axes.set_ylim(lowest, lowest + 1.05 * (100 - lowest))
    axes.legend(loc="lower right")
    save_picture(figure, path)


def _apart(heights: Sequence[float], least: float) -> list[float]:
    """Move heights up until two are never closer than `least`; their order stays."""
    moved = [*heights]
    order = sorted(range(len(heights)), key=moved.__getitem__)
    for below, above in zip(order, order[1:]):
        moved[above] = max(moved[above], moved[below] + least)
    return moved
