"""Figure 4: t-SNE of the test embeddings before and after self-learning (section 4.1)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from keras_selflearn.console.errors import InputError
from keras_selflearn.reproduction.class_names import name_parts
from keras_selflearn.runs.drawing import save_png_and_svg
from keras_selflearn.runs.projection import choose_points, obstacle, project

# Ten colours for colour-blind readers (Petroff) and eleven markers make 110 classes distinct. The
# first ten classes differ in both.
_COLORS = (
    *("#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6"),
    *("#a96b59", "#e76300", "#b9ac70", "#717581", "#92dadd"),
)
_MARKERS = ("o", "s", "x", "^", "+", "|", "D", "v", "_", "*", "<")
_PANEL = 1.9  # Inches, a side.
_FONT_SIZE = 7
# With more classes, a panel has room only for their numbers.
_MOST_NAMES = 12


@dataclass(frozen=True)
class EmbeddingPanel:
    """A column of the picture: the test embeddings of one loss.

    Attributes
    ----------
    loss : str
    before, after : (n, d) float16 or float32, or None
        Test embeddings before and after self-learning; None without a run.
    labels : (n,) integers, or None
        Positions in the class names.
    """

    loss: str
    before: np.ndarray | None
    after: np.ndarray | None
    labels: np.ndarray | None


def draw_embeddings(
    panels: Sequence[EmbeddingPanel],
    class_names: Sequence[str],
    title: str,
    path_stem: Path,
    row_titles: tuple[str, str] = ("before self-learning", "after self-learning"),
    seed: int = 0,
    max_points: int = 2000,
) -> None:
    """Draw two rows of t-SNE, with a column for each loss, to `path_stem`.png and .svg.

    All panels show the same points, equally many of each class if it has them. A panel without a
    run, or with embeddings that can't be drawn, says so.

    Parameters
    ----------
    panels : sequence of EmbeddingPanel
    class_names : sequence of str
    title : str
    path_stem : Path
    row_titles : (str, str)
        Titles of the rows of `before` and `after`.
    seed : int
        Seed of the choice of points and of t-SNE.
    max_points : int
        Most points in a panel.

    Raises
    ------
    InputError
        When the panels have different test images.
    """
    labels = _common_labels(panels)
    points = choose_points(labels, len(class_names), max_points, seed)
    numbered = len(class_names) > _MOST_NAMES
    width = _PANEL * len(panels) + 0.3
    figure = Figure(layout="constrained")
    legend_height = _add_legend(figure, width, class_names, numbered)
    figure.set_size_inches(width, 2 * _PANEL + 0.45 + legend_height)
    figure.suptitle(title, fontsize=10)
    grid = figure.subplots(2, len(panels), squeeze=False)
    names = []
    for row, row_title in enumerate(row_titles):
        grid[row, 0].set_ylabel(row_title, fontsize=9)
        for axes, panel in zip(grid[row], panels):
            embeddings = (panel.before, panel.after)[row]
            axes.set(xticks=[], yticks=[], box_aspect=1)
            if row == 0:
                axes.set_title(panel.loss, fontsize=9)
            reason = "no run" if embeddings is None else obstacle(embeddings[points])
            if embeddings is None or reason:
                said = (reason or "").replace(" are ", "\nare ")
                axes.text(0.5, 0.5, said, fontsize=_FONT_SIZE, ha="center", va="center")
                continue
            places = project(embeddings[points], seed)
            _scatter(axes, places, labels[points], len(class_names))
            words = range(1, len(class_names) + 1) if numbered else map(_one_line, class_names)
            names.append(_write_names(axes, places, labels[points], list(map(str, words))))
    # Only a drawn picture knows the size of its texts.
    figure.draw_without_rendering()
    for panel_names in names:
        _remove_misfits(panel_names)
    save_png_and_svg(figure, path_stem)


def _common_labels(panels: Sequence[EmbeddingPanel]) -> np.ndarray:
    with_run = [(panel.loss, panel.labels) for panel in panels if panel.labels is not None]
    if not with_run:
        return np.empty(0, int)
    first, common = with_run[0]
    for loss, labels in with_run:
        if not np.array_equal(labels, common):
            raise InputError(
                f"The embeddings of {loss} and {first} are of different test images: give runs on"
                " one data set."
            )
    return common


def _scatter(axes: Axes, points: np.ndarray, labels: np.ndarray, n_classes: int) -> None:
    for index in range(n_classes):
        axes.plot(*points[labels == index].T, **_look(index), markersize=2, rasterized=True)
    # One scale both ways, and room for the names of groups at the edge.
    low, high = points.min(axis=0), points.max(axis=0)
    half = 0.6 * (high - low).max()
    (x, y) = (low + high) / 2
    axes.set(xlim=(x - half, x + half), ylim=(y - half, y + half))


def _look(index: int) -> dict[str, Any]:
    return {
        "color": _COLORS[index % len(_COLORS)],
        "marker": _MARKERS[index % len(_MARKERS)],
        "linestyle": "none",
        "markeredgewidth": 0.7,
    }


def _write_names(
    axes: Axes, points: np.ndarray, labels: np.ndarray, names: Sequence[str]
) -> list[Text]:
    """Write each name above the median of its points; the most compact classes come first."""
    written = []
    for index in np.unique(labels):
        members = points[labels == index]
        middle = np.median(members, axis=0)
        # Not on the median: a name would hide a small group.
        name = axes.annotate(
            names[index],
            middle,
            xytext=(0, 5),
            textcoords="offset points",
            fontsize=_FONT_SIZE,
            ha="center",
            va="center",
            path_effects=[withStroke(linewidth=2, foreground="white")],
        )
        written.append((np.median(np.abs(members - middle)), index, name))
    return [name for *_, name in sorted(written)]


def _remove_misfits(names: Sequence[Text]) -> None:
    """Remove names that leave their axes or overlap an earlier one."""
    kept: list[Bbox] = []
    for name in names:
        box = name.get_window_extent().padded(2)
        assert name.axes is not None
        frame = name.axes.bbox
        inside = frame.containsx(box.x0) and frame.containsx(box.x1)
        if not inside or box.count_overlaps(kept):
            name.remove()
        else:
            kept.append(box)


def _add_legend(figure: Figure, width: float, class_names: Sequence[str], numbered: bool) -> float:
    """List the classes in columns that fit `width`; return the height in inches."""
    names = [_one_line(name) for name in class_names]
    if numbered:
        names = [f"{number} {name}" for number, name in enumerate(names, 1)]
    column = 0.056 * max(map(len, names)) + 0.4
    rows = math.ceil(len(names) / max(int(width / column), 1))
    columns = math.ceil(len(names) / rows)
    handles = [Line2D([], [], **_look(index), markersize=5) for index in range(len(names))]
    figure.legend(handles, names, loc="outside lower center", ncols=columns, fontsize=_FONT_SIZE)
    return 0.145 * rows + 0.15


def _one_line(name: str) -> str:
    return ": ".join(name_parts(name))
