"""Reproduce a table or figure: `python -m keras_selflearn.reproduce --table=2 --preset=cpu`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_selflearn.console import command_line
from keras_selflearn.console.errors import InputError, unknown_name
from keras_selflearn.console.option import Options, option, same_as
from keras_selflearn.console.quiet import import_tensorflow_quietly
from keras_selflearn.datasets import dataset_entry
from keras_selflearn.options.config import Config
from keras_selflearn.paper import (
    PublishedFigure,
    published_figure,
    published_table,
    published_tables,
    table_of_dataset,
)
from keras_selflearn.reproduction.grid import Cell, Grid, make_figure_grid, make_grid

if TYPE_CHECKING:
    from keras_selflearn.reproduction.executors import Executor, Outcome

EXECUTORS = ("local", "ray")
_LONG = 3 * 3600  # seconds
_CPU_PRESET = "cpu"


@dataclass(frozen=True)
class ReproduceConfig(Options):
    """Which part of the paper, and how."""

    table: int | None = option(None, "Table of the paper to run and draw: 1, 2 or 3.")
    figure: int | None = option(None, "Figure of the paper to run and draw: 2, 3 or 4.")
    preset: str = option("paper", "Preset: a flagfile in flags/, such as paper, cpu or smoke.")
    losses: str | None = option(None, "Losses to run, comma-separated.", without="all")
    weights: str | None = option(
        None, "Initial weights to run, comma-separated: random, imagenet.", without="both"
    )
    regimes: str | None = option(
        None, "Regimes to run, comma-separated: self-learning, all-labelled.", without="both"
    )
    runs: int | None = option(
        None, "Runs of each cell.", least=1, without="the preset's or the paper's"
    )
    dataset: str | None = option(
        None, "Data set of the figure; figure 2 takes any.", without="the paper's"
    )
    imagenet_weights: str | None = option(
        None, "File of the ImageNet weights.", without="Keras' own download and cache"
    )
    dry_run: bool = option(False, "Only list which runs are done and which are left.")
    executor: str = option(
        "local", "Place of the runs: local (one by one) or ray (a cluster).", choices=EXECUTORS
    )
    ray_address: str | None = option(
        None, "Address of the Ray cluster: auto or HOST:PORT.", without="one on this machine alone"
    )
    results_dir: str = option("results", "Folder of the folders of results.")
    data_dir: str | None = same_as(Config, "data_dir")


def main(config: ReproduceConfig) -> None:
    """List what is done and left, run what is left, draw from all that is finished."""
    figure = None if config.figure is None else published_figure(config.figure)
    if figure and config.table is None and not figure.losses:
        _reproduce_data_set(config, figure)
        return
    grid = plan(config, figure)
    import_tensorflow_quietly()
    from keras_selflearn.datasets import load_dataset
    from keras_selflearn.reproduction.draw import draw_figure, draw_table
    from keras_selflearn.storage.files import make_writable

    left = _left(grid)
    _check_weights(grid, left)
    _check(left)
    if left and not config.dry_run:
        make_writable(left[0].config.results_dir, "results_dir")
    _list(grid, left)
    if config.dry_run:
        return
    failed = []
    if left:
        if config.executor == "local":  # Data that can't be had would make every run fail.
            load_dataset(left[0].config.dataset, left[0].config.data_dir)
        failed = run_cells(left, _executor(config))
    if failed:
        print(f"\n{len(failed)} of {len(left)} runs failed:", file=sys.stderr)
        for outcome in failed:
            print(f"  {outcome.cell.name}: {outcome.error}", file=sys.stderr)
    drawn = draw_figure(figure, grid) if figure else draw_table(grid)
    for path in drawn:
        print(path)
    if figure and not drawn:
        print(f"Figure {figure.figure} is not drawn: no run in {grid.folder} has what it shows.")
    if failed:
        sys.exit(1)


def plan(config: ReproduceConfig, figure: PublishedFigure | None = None) -> Grid:
    """List the runs that the table or the figure needs.

    Raises
    ------
    InputError
        Unless exactly one table or figure is asked for and all names are known.
    """
    if (config.table is None) == (figure is None):
        raise InputError("Say which part of the paper: --table=1, 2 or 3, or --figure=2, 3 or 4.")
    options: dict[str, Any] = {
        "losses": config.losses,
        "weights": config.weights,
        "regimes": config.regimes,
        "runs": config.runs,
        "imagenet_weights": config.imagenet_weights,
        "results_dir": config.results_dir,
        "data_dir": config.data_dir,
    }
    if config.table is not None:
        if config.dataset is not None:
            raise InputError("--dataset is for figures: each table has a data set of its own.")
        return make_grid(published_table(config.table), config.preset, **options)
    assert figure is not None
    name = config.dataset or figure.dataset
    table = table_of_dataset(name)
    if table is None:
        raise unknown_name("dataset", name, [each.dataset for each in published_tables()])
    return make_figure_grid(figure, table, config.preset, **options)


def _reproduce_data_set(config: ReproduceConfig, figure: PublishedFigure) -> None:
    """Draw figure 2, which needs no run."""
    name = config.dataset or figure.dataset
    dataset_entry(name)
    folder = Path(config.results_dir).expanduser() / f"{name}-{config.preset}"
    if config.dry_run:
        print(f"Figure {figure.figure} needs no run: it would be drawn in {folder}.")
        return
    import_tensorflow_quietly()
    from keras_selflearn.reproduction.draw import draw_data_set
    from keras_selflearn.storage.files import make_writable

    make_writable(folder, "results_dir")
    for path in draw_data_set(figure, name, config.data_dir, folder):
        print(path)


def _check_weights(grid: Grid, left: Sequence[Cell]) -> None:
    """Raise an `InputError` for a file that is no weights, or not those of the finished runs."""
    from keras_selflearn.network.backbone import check_weights_file, weights_digest
    from keras_selflearn.reproduction.runs import finished_runs, is_pretrained

    is_file = grid.imagenet_weights != "imagenet"
    if not is_file and not any(is_pretrained(cell.config) for cell in left):
        return  # Nothing will start from Keras' own weights.
    if is_file:
        check_weights_file(Path(grid.imagenet_weights).expanduser())
    asked = weights_digest(grid.imagenet_weights)
    runs = [run for run in finished_runs(grid.folder) if is_pretrained(run.config)]
    if any(run.record.weights_sha256 != asked for run in runs):
        raise InputError(
            f"Finished runs in {grid.folder} start from other weights than"
            f" {grid.imagenet_weights}: give theirs, or choose another --results_dir."
        )


def _check(left: Sequence[Cell]) -> None:
    """Raise an `InputError` for whatever the command alone shows that a run can't use."""
    from keras_selflearn.runs.experiment import check

    for config in dict.fromkeys(replace(cell.config, seed=0) for cell in left):
        check(config)


def run_cells(cells: Sequence[Cell], executor: Executor) -> list[Outcome]:
    """Run cells and say how each ended; the outcomes of those that failed."""
    failed = []
    for number, outcome in enumerate(executor(cells), start=1):
        result = "done" if outcome.error is None else f"FAILED: {outcome.error}"
        print(f"[{number} of {len(cells)}] {outcome.cell.name}: {result}", flush=True)
        if outcome.error is not None:
            failed.append(outcome)
    return failed


def _left(grid: Grid) -> list[Cell]:
    """The cells that no finished run is of."""
    from keras_selflearn.reproduction.runs import by_identity, finished_runs, identity
    from keras_selflearn.runs.experiment import resolve

    finished = by_identity(finished_runs(grid.folder))
    return [cell for cell in grid.cells() if identity(resolve(cell.config)) not in finished]


def _list(grid: Grid, left: Sequence[Cell]) -> None:
    """Print what is done, and what is left with its time."""
    from keras_selflearn.reproduction import estimate
    from keras_selflearn.reproduction.runs import by_identity, finished_runs, identity
    from keras_selflearn.runs.environment import describe_environment
    from keras_selflearn.runs.experiment import resolve

    cells = grid.cells()
    finished = by_identity(finished_runs(grid.folder))
    configs = {cell: resolve(cell.config) for cell in cells}
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
    if is_long and grid.preset != _CPU_PRESET and not environment.gpus:
        print(
            f"There is no GPU here: PRESET={_CPU_PRESET} (--preset={_CPU_PRESET}) is what two CPU"
            " cores can do."
        )
    sys.stdout.flush()


def _executor(config: ReproduceConfig) -> Executor:
    if config.executor == "ray":
        from keras_selflearn.reproduction.ray_executor import run_on_ray

        return lambda cells: run_on_ray(cells, config.ray_address)
    from keras_selflearn.reproduction.executors import run_in_processes

    return run_in_processes


if __name__ == "__main__":
    command_line.run(ReproduceConfig, main, "Reproduces a table or figure of the paper.")
