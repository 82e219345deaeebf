"""What the tests of pictures share."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.image import imread


def keep_figures(monkeypatch, write: bool = False) -> list[Figure]:
    """The figures saved from now on, one for each file; their files only if `write`."""
    figures = []
    save = Figure.savefig

    def keep(figure, *args, **kwargs):
        figures.append(figure)
        if write:
            save(figure, *args, **kwargs)

    monkeypatch.setattr(Figure, "savefig", keep)
    return figures


def shows_something(path) -> bool:
    """Whether a PNG has more than one colour."""
    return len(np.unique(imread(path)[..., :3].reshape(-1, 3), axis=0)) > 1
