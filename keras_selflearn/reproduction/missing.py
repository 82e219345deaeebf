"""The runs of a grid that are not finished: which they are, how long they take, and to run them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Callable

from keras_selflearn.console.durations import in_words
from keras_selflearn.console.errors import InputError
from keras_selflearn.network.backbone import check_weights_file, weights_digest
from keras_selflearn.reproduction import estimate, executors
from keras_selflearn.reproduction.executors import Executor, Outcome
from keras_selflearn.reproduction.grid import Cell, Grid
from keras_selflearn.reproduction.runs import by_identity, finished_runs, identity, is_pretrained
from keras_selflearn.runs.configuration import check, resolve
from keras_selflearn.runs.environment import describe_environment

_LONG = 3 * 3600  # seconds
_CPU_PRESET = "cpu"


def missing_cells(grid: Grid) -> list[Cell]:
    """List the cells without a finished run."""
    finished = by_identity(finished_runs(grid.folder))
    return [cell for cell in grid.cells() if identity(resolve(cell.config)) not in finished]


def check_cells(grid: Grid, missing: Sequence[Cell]) -> None:
    """Check what the missing runs start from, before one of them begins.

    Raises
    ------
    InputError
        For a file without weights, for other weights than the finished runs have, and for anything
        that a run can't use, as far as its configuration shows it.
    """
    _check_weights(grid, missing)
    for config in dict.fromkeys(replace(cell.config, seed=0) for cell in missing):
        check(config)


def _check_weights(grid: Grid, missing: Sequence[Cell]) -> None:
    is_file = grid.imagenet_weights != "imagenet"
    if not is_file and not any(is_pretrained(cell.config) for cell in missing):
        return  # Nothing will start from Keras' own weights.
    if is_file:
        check_weights_file(Path(grid.imagenet_weights).expanduser())
    digest = weights_digest(grid.imagenet_weights)
    runs = [run for run in finished_runs(grid.folder) if is_pretrained(run.config)]
    if any(run.record.weights_sha256 != digest for run in runs):
        raise InputError(
            f"Finished runs in {grid.folder} start from other weights than"
            f" {grid.imagenet_weights}: give theirs, or choose another --results_dir."
        )


def listed(grid: Grid, missing: Sequence[Cell]) -> Iterator[str]:
    """Say which cells are done, and which are missing and how long each takes."""
    cells = grid.cells()
    finished = by_identity(finished_runs(grid.folder))
    configs = {cell: resolve(cell.config) for cell in cells}
    environment = describe_environment("")
    times = {}
    if missing:
        per_pass = estimate.seconds_per_pass(
            list(finished.values()), configs[missing[0]], grid.table.image_size, environment
        )
        times = {
            cell: estimate.expected_seconds(estimate.planned(configs[cell], grid.table), per_pass)
            for cell in missing
        }
    yield f"{grid.table.title}, preset {grid.preset}, in {grid.folder}:"
    for cell in cells:
        if cell in times:
            yield f"  left  {cell.name}: about {in_words(times[cell])}"
        else:
            accuracy = finished[identity(configs[cell])].test_accuracy
            figures = ", ".join(f"{name} {value:.2f} %" for name, value in accuracy.items())
            yield f"  done  {cell.name}: {figures}"
    seconds = sum(times.values())
    done = f"{len(cells) - len(missing)} of {len(cells)} runs are done."
    total = f" Those left take about {in_words(seconds)} one after another on this machine."
    yield done + (total if missing else "")
    if seconds > _LONG and grid.preset != _CPU_PRESET and not environment.gpus:
        yield (
            f"There is no GPU here: PRESET={_CPU_PRESET} (--preset={_CPU_PRESET}) is what two CPU"
            " cores can do."
        )


def executor_of(name: str, ray_address: str | None) -> Executor:
    """Give what runs cells: one after another here, or on a Ray cluster."""
    if name == "ray":
        from keras_selflearn.reproduction.ray_executor import run_on_ray

        return lambda cells: run_on_ray(cells, ray_address)
    return executors.run_in_processes


def run_cells(
    cells: Sequence[Cell], executor: Executor, say: Callable[[str], object]
) -> list[Outcome]:
    """Run cells and say how each ended; return the outcomes of those that failed."""
    failed = []
    for number, outcome in enumerate(executor(cells), start=1):
        result = "done" if outcome.error is None else f"FAILED: {outcome.error}"
        say(f"[{number} of {len(cells)}] {outcome.cell.name}: {result}")
        if outcome.error is not None:
            failed.append(outcome)
    return failed
