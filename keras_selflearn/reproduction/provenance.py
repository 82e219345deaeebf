"""Describes the runs behind a table: data, gradient steps, software and machine."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from keras_selflearn.console.durations import in_words
from keras_selflearn.reproduction.estimate import done, planned
from keras_selflearn.reproduction.grid import REGIMES, Grid, make_grid
from keras_selflearn.reproduction.runs import is_pretrained
from keras_selflearn.reproduction.table import ResultTable
from keras_selflearn.runs.configuration import resolve

NOTES = "notes.md"


def notes(folder: Path) -> str:
    """Read the user's notes on these results from `notes.md` in their folder."""
    path = folder / NOTES
    return path.read_text(encoding="utf-8").strip() if path.exists() else ""


def describe(table: ResultTable, grid: Grid) -> list[str]:
    """Write sentences on what was run. If runs differ, the sentences list all values."""
    runs = table.runs
    others = []
    if table.other_runs:
        others = [f"Not shown: {table.other_runs} finished runs in this folder with other flags."]
    if not runs:
        return ["No run is finished.", *others]
    published = table.published
    data = [run.record.data for run in runs]
    labelled = [run.record.data.labelled for run in runs if run.self_learns]
    sizes = (
        f"Data: {_all(each.train for each in data)} training and"
        f" {_all(each.test for each in data)} test images"
        + (f", {_all(labelled)} initially labelled" if labelled else "")
        + f" (the paper: {published.train_images:,}, {published.test_images:,},"
        f" {published.labels:,})."
    )
    environments = [run.record.environment for run in runs]
    packages = [each.packages for each in environments]
    commits = [each.git_commit or "unknown" for each in environments]
    software = (
        f"Software: keras-selflearn {_all(each.keras_selflearn for each in environments)},"
        f" commit {_all(commit[:8] for commit in commits)}; TensorFlow"
        f" {_all(each.get('tensorflow') for each in packages)}, Keras"
        f" {_all(each.get('keras') for each in packages)}, Python"
        f" {_all(each.python for each in environments)}."
    )
    machine = (
        f"Machine: {_all(each.cpu for each in environments)};"
        f" {_all(', '.join(each.gpus) or 'no GPU' for each in environments)};"
        f" {_all(each.precision for each in environments)};"
        f" {in_words(sum(run.record.seconds for run in runs))} in all."
    )
    return [
        f"Runs: {len(runs)}; seeds: {_all(sorted(run.config.seed for run in runs))}; preset:"
        f" `{grid.preset}`. Published figures are the paper's: mean and standard deviation of"
        f" {published.runs} runs.",
        sizes,
        *_steps(table, grid),
        _weights(table),
        software,
        machine,
        *others,
    ]


def _steps(table: ResultTable, grid: Grid) -> list[str]:
    """Compare the gradient steps of a run with the paper's, for each regime."""
    paper = make_grid(grid.table, "paper")
    lines = []
    for regime in REGIMES:
        steps = [done(run).gradient_steps for run in table.runs if run.config.regime == regime]
        if steps:
            config = resolve(paper.cell(grid.table.rows[0], regime, seed=0).config)
            expected = planned(config, grid.table).gradient_steps
            lines.append(
                f"Gradient steps of a run, {regime}: {_all(steps)} (the paper's protocol with the"
                f" epochs of the authors' code: {expected:,})."
            )
    return lines


def _weights(table: ResultTable) -> str:
    pretrained = [run for run in table.runs if is_pretrained(run.config)]
    if not pretrained:
        return "Pretrained weights: no run."
    files = [
        f"{Path(str(run.config.weights)).name}"
        + (f" (sha256 {digest[:16]})" if (digest := run.record.weights_sha256) else " of Keras")
        for run in pretrained
    ]
    return f"Pretrained weights: {_all(files)}."


def _all(values: Iterable[object]) -> str:
    """List the different values, in order."""
    return ", ".join(
        f"{value:,}" if isinstance(value, int) else str(value) for value in dict.fromkeys(values)
    )
