"""Draws tables and figures into a folder of results from the finished runs in it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from keras_selflearn.paper import PublishedFigure
from keras_selflearn.reproduction import formats
from keras_selflearn.reproduction.claims import check_claims
from keras_selflearn.reproduction.figure2 import draw_samples
from keras_selflearn.reproduction.figure3 import draw_accuracy_curves
from keras_selflearn.reproduction.figure4 import EmbeddingPanel, draw_embeddings
from keras_selflearn.reproduction.grid import Grid
from keras_selflearn.reproduction.provenance import describe, notes
from keras_selflearn.reproduction.runs import Run, finished_runs, is_pretrained
from keras_selflearn.reproduction.table import ResultTable, measure


def draw_table(grid: Grid) -> list[Path]:
    """Write the table and the claims as Markdown, LaTeX and CSV; the files."""
    table = measure(grid, finished_runs(grid.folder))
    stem = f"table{grid.table.table}"
    contents = {
        f"{stem}.md": table_page(table, grid),
        f"{stem}.tex": formats.latex(table) + "\n",
        f"{stem}.csv": formats.comma_separated(table),
    }
    grid.folder.mkdir(parents=True, exist_ok=True)
    return [_write(grid.folder / name, content) for name, content in contents.items()]


def table_page(table: ResultTable, grid: Grid) -> str:
    """The Markdown page: what was run, the table, the claims."""
    published = table.published
    parts = [
        f"# Table {published.table}: {published.title}, test accuracy in percent",
        notes(grid.folder),
        "\n".join(f"- {line}" for line in describe(table, grid)),
        formats.markdown(table),
        f"Ours: mean ± sample standard deviation (number of runs); {formats.NOTHING}: no run.",
        "## What the paper concludes, checked against these runs",
        formats.claims_markdown(check_claims(table)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def draw_figure(figure: PublishedFigure, grid: Grid) -> list[Path]:
    """Write figure 2, 3 or 4 as PNG and SVG; the files."""
    stem = grid.folder / f"figure{figure.figure}"
    grid.folder.mkdir(parents=True, exist_ok=True)
    _DRAW[figure.figure](figure, grid, stem)
    return [stem.with_suffix(".png"), stem.with_suffix(".svg")]


def _draw_samples(figure: PublishedFigure, grid: Grid, stem: Path) -> None:
    from keras_selflearn.datasets import load_dataset

    data = load_dataset(grid.table.dataset, grid.data_dir)
    title = f"{figure.title}, {grid.table.title}"
    draw_samples(data.images, data.labels, data.class_names, stem, title)


def _draw_curves(figure: PublishedFigure, grid: Grid, stem: Path) -> None:
    table = measure(grid, finished_runs(grid.folder))
    curves = {
        weights: [run.accuracies for run in _runs_of(table, figure.losses[0], weights)]
        for weights in figure.weights
    }
    title = f"{figure.title}, {grid.table.title}, {figure.losses[0]}"
    draw_accuracy_curves(curves, title, stem)


def _draw_embeddings(figure: PublishedFigure, grid: Grid, stem: Path) -> None:
    table = measure(grid, finished_runs(grid.folder))
    panels = [_panel(loss, _runs_of(table, loss, figure.weights[0])) for loss in figure.losses]
    data = next((run.record["data"] for run in table.runs if _self_learns(run)), None)
    draw_embeddings(
        panels,
        data["classes"] if data else [],
        f"{figure.title}, {grid.table.title}, {figure.weights[0]} weights",
        stem,
        row_titles=(f"after {data['labelled']} labels" if data else "", "after self-learning"),
    )


_DRAW = {2: _draw_samples, 3: _draw_curves, 4: _draw_embeddings}


def _panel(loss: str, runs: Sequence[Run]) -> EmbeddingPanel:
    for run in runs:
        before, after = run.embeddings("initial"), run.embeddings("final")
        if before and after:
            return EmbeddingPanel(loss, before[0], after[0], before[1])
    return EmbeddingPanel(loss, None, None, None)


def _runs_of(table: ResultTable, loss: str, weights: str) -> list[Run]:
    """The self-learning runs of a row, in the order of their seeds."""
    return sorted(
        (
            run
            for run in table.runs
            if run.config.loss == loss
            and is_pretrained(run.config) == (weights != "random")
            and _self_learns(run)
        ),
        key=lambda run: run.config.seed,
    )


def _self_learns(run: Run) -> bool:
    return run.config.regime == "self-learning"


def _write(path: Path, content: str) -> Path:
    unfinished = path.with_name(f".{path.name}.unfinished")
    unfinished.write_text(content, encoding="utf-8")
    os.replace(unfinished, path)
    return path
