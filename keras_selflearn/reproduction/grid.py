"""The cells of the paper's tables as runs: a loss, initial weights, a regime and a seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from keras_selflearn.console.errors import InputError, check_integer, unknown_name
from keras_selflearn.options.config import Config
from keras_selflearn.paper import PublishedFigure, PublishedRow, PublishedTable
from keras_selflearn.reproduction.presets import flagfiles, read_preset

# A run of self-learning also fills the column of few labels, with its first accuracy.
REGIMES = ("self-learning", "all-labelled")


@dataclass(frozen=True)
class Cell:
    """A run that a table needs.

    Attributes
    ----------
    name : str
        A name for people.
    flags : tuple of str
        Flags of `python -m keras_selflearn.main`.
    config : Config
        The configuration of these flags, not resolved.
    """

    name: str
    flags: tuple[str, ...]
    config: Config


@dataclass(frozen=True)
class Grid:
    """The cells of a table that are to be run.

    Attributes
    ----------
    table : PublishedTable
    preset : str
    losses, weights, regimes : sequences of str
        The parts of the table to run, in its order.
    runs : int
        Runs of each cell, with seeds from 0.
    imagenet_weights : str
        Initial weights of the rows with ImageNet weights: `imagenet`, or a file.
    results_dir : str
        Folder of all results. `folder` holds the runs of this table.
    data_dir : str or None
    """

    table: PublishedTable
    preset: str
    losses: Sequence[str]
    weights: Sequence[str]
    regimes: Sequence[str]
    runs: int
    imagenet_weights: str
    results_dir: str
    data_dir: str | None

    @property
    def folder(self) -> Path:
        """The folder of the runs of this data set and preset."""
        return Path(self._folder).expanduser()

    def cells(self) -> list[Cell]:
        """List the cells in the order of the table, then of the seeds."""
        return [
            self.cell(row, regime, seed)
            for row in self.table.rows
            if row.loss in self.losses and row.weights in self.weights
            for seed in range(self.runs)
            for regime in self.regimes
        ]

    @property
    def _folder(self) -> str:
        return str(Path(self.results_dir) / f"{self.table.dataset}-{self.preset}")

    def cell(self, row: PublishedRow, regime: str, seed: int) -> Cell:
        """Make the cell of a row of the table in a regime."""
        imagenet = row.weights == "imagenet"
        changes: dict[str, Any] = {
            "loss": row.loss,
            "weights": self.imagenet_weights if imagenet else row.weights,
            "regime": regime,
            "seed": seed,
            "results_dir": self._folder,
            **({"data_dir": self.data_dir} if self.data_dir else {}),
        }
        files = flagfiles(self.preset, self.table.dataset)
        preset = read_preset(self.preset, self.table.dataset)
        known = {each.name: getattr(preset, each.name) for each in fields(Config)}
        return Cell(
            name=f"{row.loss}, {row.weights} weights, {regime}, seed {seed}",
            flags=tuple(
                [f"--flagfile={path}" for path in files]
                + [f"--{name}={value}" for name, value in changes.items()]
            ),
            config=replace(Config(**known), **changes),
        )


def make_grid(
    table: PublishedTable,
    preset: str,
    *,
    losses: str | None = None,
    weights: str | None = None,
    regimes: str | None = None,
    runs: int | None = None,
    imagenet_weights: str | None = None,
    results_dir: str = "results",
    data_dir: str | None = None,
) -> Grid:
    """Check names and numbers, and fill in what is not given.

    Parameters
    ----------
    table : PublishedTable
    preset : str
    losses, weights, regimes : str, optional
        Comma-separated names; None means all.
    runs : int, optional
        None means the preset's number, else the paper's.
    imagenet_weights, results_dir, data_dir
        As in `Grid`.

    Raises
    ------
    InputError
        For an unknown name, or fewer than one run.
    """
    of_table = {
        "losses": list(dict.fromkeys(row.loss for row in table.rows)),
        "weights": list(dict.fromkeys(row.weights for row in table.rows)),
    }
    of_preset = read_preset(preset, table.dataset)
    if runs is None:
        runs = of_preset.runs or table.runs
    check_integer("runs", runs, least=1)
    imagenet_weights = imagenet_weights or of_preset.imagenet_weights or "imagenet"
    if imagenet_weights == "random":
        raise InputError("ImageNet weights can't be random: give --imagenet_weights a file.")
    return Grid(
        table=table,
        preset=preset,
        losses=_names("loss", losses, of_table["losses"]),
        weights=_names("weights", weights, of_table["weights"]),
        regimes=_names("regime", regimes, REGIMES),
        runs=runs,
        imagenet_weights=imagenet_weights,
        results_dir=results_dir,
        data_dir=data_dir,
    )


def make_figure_grid(
    figure: PublishedFigure,
    table: PublishedTable,
    preset: str,
    *,
    losses: str | None = None,
    weights: str | None = None,
    regimes: str | None = None,
    runs: int | None = None,
    **others: Any,
) -> Grid:
    """Make the grid of figure 3 or 4 for a table's data set; parameters as `make_grid`.

    Raises
    ------
    InputError
        As `make_grid`; also for several losses or weights if the figure shows one.
    """
    grid = make_grid(
        table,
        preset,
        losses=",".join(figure.losses) if losses is None else losses,
        weights=",".join(figure.weights) if weights is None else weights,
        regimes="self-learning" if regimes is None else regimes,
        runs=runs,
        **others,
    )
    for kind, wanted, possible in (
        ("loss", grid.losses, figure.losses),
        ("kind of weights", grid.weights, figure.weights),
    ):
        if len(possible) == 1 < len(wanted):
            raise InputError(f"Figure {figure.figure} shows one {kind}: ask for one.")
    return grid if runs else replace(grid, runs=min(grid.runs, figure.runs))


def _names(kind: str, given: str | None, known: Sequence[str]) -> list[str]:
    if given is None:
        return list(known)
    names = [name.strip() for name in given.split(",") if name.strip()]
    for name in names:
        if name not in known:
            raise unknown_name(kind, name, known)
    if not names:
        raise InputError(f"No {kind} is asked for: give one or more of {', '.join(known)}.")
    return names
