"""One of the paper's tables, with measured and published accuracies."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from keras_selflearn.paper import CELLS, PublishedRow, PublishedTable
from keras_selflearn.reproduction.grid import Grid
from keras_selflearn.reproduction.runs import Run, by_identity, check_same_weights, identity
from keras_selflearn.runs.configuration import resolve

_REGIME_OF_CELL = {
    "n_labelled": "self-learning",
    "self_learning": "self-learning",
    "all_labelled": "all-labelled",
}


@dataclass(frozen=True)
class Measured:
    """The measured test accuracies of a cell.

    Attributes
    ----------
    accuracies : mapping of int to float
        Maps the seed of a run to percent.
    """

    accuracies: Mapping[int, float]

    @property
    def mean(self) -> float | None:
        """Mean in percent; None without a run."""
        return statistics.fmean(self.accuracies.values()) if self.accuracies else None

    @property
    def std(self) -> float | None:
        """Sample standard deviation over the runs; None with fewer than two."""
        return statistics.stdev(self.accuracies.values()) if len(self.accuracies) > 1 else None

    @property
    def n(self) -> int:
        """Number of runs."""
        return len(self.accuracies)


@dataclass(frozen=True)
class Row:
    """A row of a table: the published one, and the measured cells by name."""

    published: PublishedRow
    cells: Mapping[str, Measured]

    @property
    def name(self) -> str:
        """Loss and initial weights."""
        return f"{self.published.loss}, {self.published.weights}"

    def difference(self, cell: str) -> float | None:
        """Subtract the published mean from the measured one, in points; None without a run."""
        mean = self.cells[cell].mean
        return None if mean is None else mean - self.published.cell(cell)[0]


@dataclass(frozen=True)
class ResultTable:
    """A whole table.

    Attributes
    ----------
    published : PublishedTable
    rows : tuple of Row
        In the order of the paper.
    runs : tuple of Run
        The runs that fill the cells.
    other_runs : int
        Number of finished runs in the same folder with other flags.
    """

    published: PublishedTable
    rows: tuple[Row, ...]
    runs: tuple[Run, ...]
    other_runs: int = 0

    def row(self, loss: str, weights: str) -> Row:
        """Find the row of a loss and initial weights."""
        return next(
            row
            for row in self.rows
            if (row.published.loss, row.published.weights) == (loss, weights)
        )


def measure(grid: Grid, finished: Iterable[Run]) -> ResultTable:
    """Fill a table's cells with the runs that have the settings of `grid`, of any seed.

    Parameters
    ----------
    grid : Grid
        All cells are filled, also those that this grid does not run.
    finished : iterable of Run

    Raises
    ------
    InputError
        When runs start from different pretrained weights.
    """
    runs = list(by_identity(finished).values())
    used: list[Run] = []
    rows = []
    for published in grid.table.rows:
        cells = {}
        for cell in CELLS:
            config = resolve(grid.cell(published, _REGIME_OF_CELL[cell], seed=0).config)
            wanted = identity(config, with_seed=False)
            matching = [
                run
                for run in runs
                if identity(run.config, with_seed=False, backbone_sha256=run.record.backbone_sha256)
                == wanted
            ]
            used += [run for run in matching if run not in used]
            cells[cell] = Measured({run.config.seed: run.test_accuracy[cell] for run in matching})
        rows.append(Row(published, cells))
    check_same_weights(used, grid.folder)
    return ResultTable(grid.table, tuple(rows), tuple(used), other_runs=len(runs) - len(used))


def average(cells: Iterable[Measured]) -> Measured:
    """Average several cells, for each seed that all of them have."""
    cells = list(cells)
    seeds = set.intersection(*(set(cell.accuracies) for cell in cells))
    return Measured(
        {seed: statistics.fmean(cell.accuracies[seed] for cell in cells) for seed in sorted(seeds)}
    )
