"""Figure 2: one sample image of each class (section 4.1)."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from keras_selflearn.reproduction.class_names import name_parts
from keras_selflearn.runs.drawing import save_png_and_svg

_WIDTH = 7.2  # Inches, the width of a page's text.
_FONT_SIZE = 7
_LINE = 0.12  # Height of a line in inches.
_CHARACTERS_PER_INCH = 16


def draw_samples(
    images: np.ndarray,
    labels: np.ndarray,
    class_names: Sequence[str],
    path_stem: Path,
    title: str,
) -> None:
    """Draw the first image of each class above its name, to `path_stem`.png and .svg.

    Parameters
    ----------
    images : (n, height, width, 1 or 3) uint8
        Perhaps a memory map. Only the images that are drawn are read.
    labels : (n,) integers
        Positions in `class_names`.
    class_names : sequence of str
        In the order of the picture. A class without an image has an empty frame.
    path_stem : Path
    title : str
    """
    columns = min(len(class_names), 5 if len(class_names) <= 10 else 8)
    rows = math.ceil(len(class_names) / columns)
    cell = _WIDTH / columns
    captions = [_caption(name, int(cell * _CHARACTERS_PER_INCH)) for name in class_names]
    lines = [caption.count("\n") + 1 for caption in captions]
    highest = [max(lines[first : first + columns]) for first in range(0, len(lines), columns)]
    height = 0.3 + rows * (cell + 0.05) + _LINE * sum(highest)
    figure = Figure(figsize=(_WIDTH, height), layout="constrained")
    figure.suptitle(title, fontsize=10)
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in grid[len(class_names) :]:
        axes.set_axis_off()
    for index, (axes, caption) in enumerate(zip(grid, captions)):
        axes.set(xticks=[], yticks=[])
        axes.set_xlabel(caption, fontsize=_FONT_SIZE, labelpad=2)
        members = np.flatnonzero(labels == index)
        if len(members):
            axes.imshow(images[members[0]], cmap="gray", vmin=0, vmax=255)
        else:
            axes.set_aspect("equal")
            axes.text(0.5, 0.5, "no image", fontsize=_FONT_SIZE, ha="center", va="center")
    save_png_and_svg(figure, path_stem)


def _caption(name: str, width: int) -> str:
    return "\n".join(line for part in name_parts(name) for line in textwrap.wrap(part, width))
