"""Line styles, axes and saving, which all pictures share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import MaxNLocator

from keras_selflearn.runs.page.text import clean
from keras_selflearn.storage.files import written_whole

# Colour, marker and dashes. Colour-blind readers (Okabe and Ito) and grey prints tell them apart.
LINE_STYLES = (("#0072B2", "o", "-"), ("#D55E00", "s", "--"), ("#009E73", "^", "-."))


def accuracy_axes(title: str) -> tuple[Figure, Axes]:
    """Make an empty picture of test accuracy over meta-iterations."""
    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    axes = figure.subplots()
    axes.set(title=title, xlabel="Meta-iteration", ylabel="Test accuracy (%)")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    axes.grid(alpha=0.3)
    return figure, axes


def save_picture(figure: Figure, path: Path) -> None:
    """Save to the .png or .svg at `path`; equal figures give equal files.

    Names in it may hold any characters.
    """
    _show_names_as_they_are(figure)
    # Without this salt the names inside an SVG are random.
    settings: Any = {"svg.hashsalt": "keras_selflearn", "svg.fonttype": "none"}
    with matplotlib.rc_context(settings), written_whole(path) as file:
        if path.suffix == ".svg":
            # The resolution is for images and for rasterised points.
            figure.savefig(file, format="svg", dpi=200, metadata={"Date": None})
        else:
            figure.savefig(file, format="png", dpi=150)


def _show_names_as_they_are(figure: Figure) -> None:
    """Draw names as they are: a `$` begins no formula, and no character can't be drawn."""
    ticks = {text for axes in figure.axes for text in (*_ticks(axes.xaxis), *_ticks(axes.yaxis))}
    for text in figure.findobj(Text):
        if isinstance(text, Text) and text not in ticks:
            text.set_parse_math(False)
            text.set_text(clean(text.get_text()))


def _ticks(axis: Axis) -> list[Text]:
    return [*axis.get_majorticklabels(), *axis.get_minorticklabels()]


def save_png_and_svg(figure: Figure, path_stem: Path) -> None:
    """Save to `path_stem`.png, for the screen, and `path_stem`.svg, for print."""
    for suffix in (".png", ".svg"):
        save_picture(figure, path_stem.with_name(path_stem.name + suffix))
