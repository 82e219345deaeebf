"""Draws tables and figures from the finished runs in a folder of results."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from keras_selflearn.paper import PublishedFigure, table_of_dataset
from keras_selflearn.reproduction import formats
from keras_selflearn.reproduction.claims import check_claims
from keras_selflearn.reproduction.figure2 import draw_samples
from keras_selflearn.reproduction.figure3 import draw_accuracy_curves
from keras_selflearn.reproduction.figure4 import EmbeddingPanel, draw_embeddings
from keras_selflearn.reproduction.grid import Grid
from keras_selflearn.reproduction.provenance import describe, notes
from keras_selflearn.reproduction.runs import Run, finished_runs, is_pretrained
from keras_selflearn.reproduction.table import ResultTable, measure
from keras_selflearn.storage.files import write_whole


def draw_table(grid: Grid) -> list[Path]:
    """Write the table and the claims as Markdown, LaTeX and CSV; return the files."""
    table = measure(grid, finished_runs(grid.folder))
    stem = f"table{grid.table.table}"
    contents = {
        f"{stem}.md": table_page(table, grid),
        f"{stem}.tex": formats.latex(table) + "\n",
        f"{stem}.csv": formats.comma_separated(table),
    }
    grid.folder.mkdir(parents=True, exist_ok=True)
    return [write_whole(grid.folder / name, content) for name, content in contents.items()]


def table_page(table: ResultTable, grid: Grid) -> str:
    """Write the Markdown page: what was run, the table, the claims."""
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


def draw_data_set(
    figure: PublishedFigure, dataset: str, data_dir: str | None, folder: Path
) -> list[Path]:
    """Write figure 2, one image of each class, as PNG and SVG; return the files."""
    from keras_selflearn.datasets import load_dataset

    data = load_dataset(dataset, data_dir)
    folder.mkdir(parents=True, exist_ok=True)
    stem = folder / f"figure{figure.figure}"
    table = table_of_dataset(dataset)
    title = f"{figure.title}, {table.title if table else dataset}"
    draw_samples(data.images, data.labels, data.class_names, stem, title)
    return _pictures(stem)


def draw_figure(figure: PublishedFigure, grid: Grid) -> list[Path]:
    """Write figure 3 or 4 of the grid's runs as PNG and SVG.

    Returns
    -------
    list of Path
        The files. Without a finished run for the figure, nothing is written.
    """
    table = measure(grid, finished_runs(grid.folder))
    stem = grid.folder / f"figure{figure.figure}"
    draw = {3: _draw_curves, 4: _draw_embeddings}[figure.figure]
    return _pictures(stem) if draw(figure, grid, table, stem) else []


def _draw_curves(figure: PublishedFigure, grid: Grid, table: ResultTable, stem: Path) -> bool:
    (loss,) = grid.losses
    curves = {
        weights: [run.accuracies for run in _runs_of(table, loss, weights)]
        for weights in grid.weights
    }
    if not any(curves.values()):
        return False
    draw_accuracy_curves(curves, f"{figure.title}, {grid.table.title}, {loss}", stem)
    return True


def _draw_embeddings(figure: PublishedFigure, grid: Grid, table: ResultTable, stem: Path) -> bool:
    (weights,) = grid.weights
    panels = [_panel(loss, _runs_of(table, loss, weights)) for loss in grid.losses]
    if all(panel.labels is None for panel in panels):
        return False
    data = next(run.record.data for run in table.runs if run.self_learns)
    draw_embeddings(
        panels,
        data.classes,
        f"{figure.title}, {grid.table.title}, {weights} weights",
        stem,
        row_titles=(f"after {data.labelled} labels", "after self-learning"),
    )
    return True


def _panel(loss: str, runs: Sequence[Run]) -> EmbeddingPanel:
    """Take the first run that has its embeddings."""
    for run in runs:
        before, after = run.embeddings("initial"), run.embeddings("final")
        if before and after:
            return EmbeddingPanel(loss, before[0], after[0], before[1])
    return EmbeddingPanel(loss, None, None, None)


def _runs_of(table: ResultTable, loss: str, weights: str) -> list[Run]:
    """List the self-learning runs of a row, in the order of their seeds."""
    runs = (
        run
        for run in table.runs
        if run.config.loss == loss
        and is_pretrained(run.config) == (weights != "random")
        and run.self_learns
    )
    return sorted(runs, key=lambda run: run.config.seed)


def _pictures(stem: Path) -> list[Path]:
    return [stem.with_name(f"{stem.name}.png"), stem.with_name(f"{stem.name}.svg")]
