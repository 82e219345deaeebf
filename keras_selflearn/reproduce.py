"""Reproduce a table or figure: `python -m keras_selflearn.reproduce --table=2 --preset=cpu`."""

from __future__ import annotations

import functools
import sys
from pathlib import Path

from keras_selflearn.console import command_line
from keras_selflearn.console.quiet import import_tensorflow_quietly
from keras_selflearn.datasets import dataset_entry
from keras_selflearn.paper import PublishedFigure, published_figure
from keras_selflearn.reproduction.plan import ReproduceConfig, plan

_say = functools.partial(print, flush=True)


def main(config: ReproduceConfig) -> None:
    """List what is done and what is left, run what is left, draw from all that is finished."""
    figure = None if config.figure is None else published_figure(config.figure)
    if figure and config.table is None and not figure.losses:
        _reproduce_data_set(config, figure)
        return
    grid = plan(config, figure)
    import_tensorflow_quietly()
    from keras_selflearn.datasets import load_dataset
    from keras_selflearn.reproduction import missing
    from keras_selflearn.reproduction.draw import draw_figure, draw_table
    from keras_selflearn.storage.files import make_writable

    cells = missing.missing_cells(grid)
    missing.check_cells(grid, cells)
    if cells and not config.dry_run:
        make_writable(cells[0].config.results_dir, "results_dir")
    _say("\n".join(missing.listed(grid, cells)))
    if config.dry_run:
        return
    failed = []
    if cells:
        if config.executor == "local":  # Data that can't be had would make every run fail.
            load_dataset(cells[0].config.dataset, cells[0].config.data_dir)
        executor = missing.executor_of(config.executor, config.ray_address)
        failed = missing.run_cells(cells, executor, _say)
    if failed:
        print(f"\n{len(failed)} of {len(cells)} runs failed:", file=sys.stderr)
        for outcome in failed:
            print(f"  {outcome.cell.name}: {outcome.error}", file=sys.stderr)
    drawn = draw_figure(figure, grid) if figure else draw_table(grid)
    for path in drawn:
        print(path)
    if figure and not drawn:
        print(f"Figure {figure.figure} is not drawn: no run in {grid.folder} has what it shows.")
    if failed:
        sys.exit(1)


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


if __name__ == "__main__":
    command_line.run(ReproduceConfig, main, "Reproduces a table or figure of the paper.")
