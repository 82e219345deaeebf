"""The published numbers of the paper, as data: tables 1 to 3, and what its figures show.

It may import `console`. Numbers that were measured here must not come in.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keras_selflearn.console.errors import InputError

CELLS = ("n_labelled", "self_learning", "all_labelled")


@dataclass(frozen=True)
class PublishedRow:
    """A row of a table: one loss and one kind of initial weights.

    Attributes
    ----------
    loss : str
    weights : "random" or "imagenet"
    n_labelled, self_learning, all_labelled : (mean, standard deviation)
        Test accuracy in percent over the paper's runs, in each regime.
    """

    loss: str
    weights: str
    n_labelled: tuple[float, float]
    self_learning: tuple[float, float]
    all_labelled: tuple[float, float]

    def cell(self, name: str) -> tuple[float, float]:
        """Give (mean, standard deviation) of one of `CELLS`."""
        return getattr(self, name)


@dataclass(frozen=True)
class PublishedTable:
    """One of tables 1 to 3, with what section 4.1 says of its data set.

    Attributes
    ----------
    table : int
    title, dataset : str
        The name of the data set in the paper, and in this package.
    train_images, test_images, classes, image_size : int
    labels : int
        Initially labelled examples.
    selection_percent : float
    meta_iterations, runs : int
    rows : tuple of PublishedRow
    """

    table: int
    title: str
    dataset: str
    train_images: int
    test_images: int
    classes: int
    image_size: int
    labels: int
    selection_percent: float
    meta_iterations: int
    runs: int
    rows: tuple[PublishedRow, ...]


@dataclass(frozen=True)
class PublishedFigure:
    """What figure 2, 3 or 4 shows.

    Attributes
    ----------
    figure : int
    title, dataset : str
    losses, weights : tuple of str
        The losses and the weights of the runs that it is drawn from. Figure 2 has none, because it
        shows the data.
    runs : int
        The number of runs of each.
    """

    figure: int
    title: str
    dataset: str
    losses: tuple[str, ...] = ()
    weights: tuple[str, ...] = ()
    runs: int = 0


def published_tables() -> list[PublishedTable]:
    """Read all tables, in the order of their numbers."""
    return [_read(path) for path in sorted(Path(__file__).parent.glob("table*.json"))]


def published_table(number: int) -> PublishedTable:
    """Read the table of that number.

    Raises
    ------
    InputError
        When the paper has no such table.
    """
    tables = {each.table: each for each in published_tables()}
    if number not in tables:
        raise InputError(f"Table {number} is none of the paper's: give {_one_of(tables)}.")
    return tables[number]


def table_of_dataset(dataset: str) -> PublishedTable | None:
    """Read the table on a data set. None if the paper has no table on it."""
    return next((each for each in published_tables() if each.dataset == dataset), None)


def published_figure(number: int) -> PublishedFigure:
    """Read the figure of that number. Raise an `InputError` if it shows no results."""
    content = json.loads((Path(__file__).parent / "figures.json").read_text(encoding="utf-8"))
    figures = {each["figure"]: each for each in content}
    if number not in figures:
        raise InputError(f"Figure {number} shows no results: give {_one_of(figures)}.")
    known = figures[number]
    lists = {name: tuple(known[name]) for name in ("losses", "weights") if name in known}
    return PublishedFigure(**{**known, **lists})


def _read(path: Path) -> PublishedTable:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    rows = tuple(
        PublishedRow(**{**row, **{name: tuple(row[name]) for name in CELLS}})
        for row in content["rows"]
    )
    return PublishedTable(**{**content, "rows": rows})


def _one_of(numbers: Iterable[int]) -> str:
    *others, last = map(str, numbers)
    return f"{', '.join(others)} or {last}"
