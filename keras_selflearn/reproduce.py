"""Reproduce a table or figure: `python -m keras_selflearn.reproduce --table=2 --preset=cpu`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from keras_selflearn import command_line
from keras_selflearn.config import option
from keras_selflearn.errors import InputError, unknown_name
from keras_selflearn.paper import (
    PublishedFigure,
    published_figure,
    published_table,
    table_of_dataset,
)
from keras_selflearn.quiet import import_tensorflow_quietly
from keras_selflearn.reproduction.grid import Cell, Grid, make_grid

if TYPE_CHECKING:
    from keras_selflearn.reproduction.executors import Executor, Outcome

EXECUTORS = ("local", "ray")
_LONG = 3 * 3600  # seconds
_CPU_PRESET = "cpu"


@dataclass(frozen=True)
class ReproduceConfig:
    """Which part of the paper, and how."""

    table: int | None = option(None, "Table of the paper to run and draw: 1, 2 or 3.")
    figure: int | None = option(None, "Figure of the paper to run and draw: 2, 3 or 4.")
    preset: str = option("paper", "How: a flagfile in flags/, such as paper, cpu or smoke.")
    losses: str | None = option(None, "Losses to run, comma-separated (default: all).")
    weights: str | None = option(
        None, "Initial weights to run: random, imagenet or both, comma-separated (default: both)."
    )
    regimes: str | None = option(
        None, "self-learning, all-labelled or both, comma-separated (default: both)."
    )
    runs: int | None = option(None, "Runs of each cell (default: the preset's or the paper's).")
    dataset: str | None = option(
        None, "Draw the figure of this data set of the paper (default: the figure's own)."
    )
    imagenet_weights: str | None = option(
        None, "File of the ImageNet weights (default: Keras' own download and cache)."
    )
    dry_run: bool = option(False, "Only list what is done and what is left.")
    executor: str = option("local", "Where the runs go: local (one by one) or ray (a cluster).")
    ray_address: str | None = option(
        None, "Ray cluster: auto or HOST:PORT (default: one on this machine alone)."
    )
    results_dir: str = option("results", "Folder of the folders of results.")
    data_dir: str | None = option(
        None, "Folder of TensorFlow Datasets (default: ~/tensorflow_datasets)."
    )


def main(config: ReproduceConfig) -> None:
    """List what is done and left, run what is left, draw from all that is finished."""
    figure, grid = plan(config)
    import_tensorflow_quietly()
    from keras_selflearn.reproduction.draw import draw_figure, draw_table

    cells = [] if figure and not figure.losses else grid.cells()
    left = _list(grid, cells) if cells else []
    if config.dry_run:
        return
    failed = run_cells(left, _executor(config)) if left else []
    drawn = draw_figure(figure, grid) if figure else draw_table(grid)
    for path in drawn:
        print(path)
    if failed:
        print(f"\n{len(failed)} of {len(left)} runs failed:", file=sys.stderr)
        for outcome in failed:
            print(f"  {outcome.cell.name}: {outcome.error}", file=sys.stderr)
        sys.exit(1)


def plan(config: ReproduceConfig) -> tuple[PublishedFigure | None, Grid]:
    """The figure, if one is asked for, and the cells that are needed.

    Raises
    ------
    InputError
        Unless exactly one table or figure is asked for and all names are known.
    """
    if (config.table is None) == (config.figure is None):
        raise InputError("Say which part of the paper: --table=1, 2 or 3, or --figure=2, 3 or 4.")
    if config.executor not in EXECUTORS:
        raise unknown_name("executor", config.executor, EXECUTORS)
    figure = None if config.figure is None else published_figure(config.figure)
    if figure is None:
        if config.dataset:
            raise InputError("--dataset is for figures: each table has a data set of its own.")
        table = published_table(config.table)
    else:
        table = table_of_dataset(config.dataset or figure.dataset)
        if table is None:
            raise InputError(f"The paper has no data set '{config.dataset}': see --help.")
    of_figure = figure is not None and figure.losses
    grid = make_grid(
        table,
        config.preset,
        losses=config.losses or (",".join(figure.losses) if of_figure else None),
        weights=config.weights or (",".join(figure.weights) if of_figure else None),
        regimes=config.regimes or ("self-learning" if of_figure else None),
        runs=config.runs,
        imagenet_weights=config.imagenet_weights,
        results_dir=config.results_dir,
        data_dir=config.data_dir,
    )
    if of_figure and config.runs is None:
        grid = replace(grid, runs=min(grid.runs, figure.runs))
    return figure, grid


def run_cells(cells: Sequence[Cell], executor: Executor) -> list[Outcome]:
    """Run cells and say how each ended; the outcomes of those that failed."""
    failed = []
    for number, outcome in enumerate(executor(cells), start=1):
        result = "done" if outcome.error is None else f"FAILED: {outcome.error}"
        print(f"[{number} of {len(cells)}] {outcome.cell.name}: {result}", flush=True)
        if outcome.error is not None:
            failed.append(outcome)
    return failed


def _list(grid: Grid, cells: Sequence[Cell]) -> list[Cell]:
    """Print what is done and what is left with its time; the cells that are left."""
    from keras_selflearn.environment import describe_environment
    from keras_selflearn.experiment import resolve
    from keras_selflearn.reproduction import estimate
    from keras_selflearn.reproduction.runs import by_identity, finished_runs, identity

    finished = by_identity(finished_runs(grid.folder))
    configs = {cell: resolve(cell.config) for cell in cells}
    left = [cell for cell in cells if identity(configs[cell]) not in finished]
    environment = describe_environment("")
    times = {}
    if left:
        per_pass = estimate.seconds_per_pass(
            list(finished.values()),
            configs[left[0]],
            grid.table.image_size,
            environment,
        )
        times = {
            cell: estimate.expected_seconds(estimate.planned(configs[cell], grid.table), per_pass)
            for cell in left
        }
    print(f"{grid.table.title}, preset {grid.preset}, in {grid.folder}:")
    for cell in cells:
        if cell in times:
            print(f"  left  {cell.name}: about {estimate.in_words(times[cell])}")
        else:
            accuracy = finished[identity(configs[cell])].test_accuracy
            figures = ", ".join(f"{name} {value:.2f} %" for name, value in accuracy.items())
            print(f"  done  {cell.name}: {figures}")
    total = estimate.in_words(sum(times.values()))
    print(f"{len(cells) - len(left)} of {len(cells)} runs are done.", end=" ")
    print(f"Those left take about {total} one after another on this machine." if left else "")
    is_long = sum(times.values()) > _LONG
    if is_long and grid.preset != _CPU_PRESET and not environment["gpus"]:
        print(
            f"There is no GPU here: PRESET={_CPU_PRESET} (--preset={_CPU_PRESET}) is what two CPU"
            " cores can do."
        )
    sys.stdout.flush()
    return left


def _executor(config: ReproduceConfig) -> Executor:
    if config.executor == "ray":
        from keras_selflearn.reproduction.ray_executor import run_on_ray

        return lambda cells: run_on_ray(cells, config.ray_address)
    from keras_selflearn.reproduction.executors import run_in_processes

    return run_in_processes


if __name__ == "__main__":
    command_line.run(ReproduceConfig, main, "Reproduces a table or figure of the paper.")
