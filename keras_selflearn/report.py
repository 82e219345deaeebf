"""Gather all that is finished into one page: `python -m keras_selflearn.report --preset=cpu`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from keras_selflearn.console import command_line
from keras_selflearn.console.option import Options, option
from keras_selflearn.console.quiet import import_tensorflow_quietly
from keras_selflearn.paper import (
    PublishedTable,
    published_figure,
    published_table,
    published_tables,
)
from keras_selflearn.reproduction.grid import make_figure_grid, make_grid
from keras_selflearn.storage.files import write_whole

if TYPE_CHECKING:
    from keras_selflearn.reproduction.page import Section


@dataclass(frozen=True)
class ReportConfig(Options):
    """Which results to gather."""

    preset: str = option("paper", "Preset to report on: a flagfile in flags/.")
    results_dir: str = option("results", "Folder of the folders of results.")
    output: str | None = option(
        None, "Page to write.", without="report-PRESET.html in the folder of results"
    )
    run: str | None = option(
        None, "Folder of a finished run: draw its curve and its page again, and nothing else."
    )
    label_curve: str | None = option(
        None,
        "Folder of finished runs with different numbers of labels: draw accuracy over the number"
        " of labels there, and nothing else.",
    )


def main(config: ReportConfig) -> None:
    """Draw the tables and figures from the finished runs, or what one of the flags asks for."""
    if config.run is not None:
        import_tensorflow_quietly()
        from keras_selflearn.runs.pictures import redraw_run

        for path in redraw_run(Path(config.run).expanduser()):
            print(path)
        return
    if config.label_curve is not None:
        import_tensorflow_quietly()
        from keras_selflearn.reproduction.label_curve import draw_label_curves

        for path in draw_label_curves(Path(config.label_curve).expanduser()):
            print(path)
        return
    make_grid(published_table(1), config.preset)  # A mistyped name must not wait for TensorFlow.
    import_tensorflow_quietly()
    from keras_selflearn.reproduction.page import report_page
    from keras_selflearn.storage.files import make_writable

    results_dir = make_writable(config.results_dir, "results_dir")
    output = Path(config.output or results_dir / f"report-{config.preset}.html").expanduser()
    page = report_page(
        f"Self-learning with pretrained weights: preset {config.preset}",
        [_section(table, config) for table in published_tables()],
    )
    write_whole(output, page)
    print(output)


def _section(published: PublishedTable, config: ReportConfig) -> Section:
    from keras_selflearn.reproduction.draw import draw_figure, draw_table
    from keras_selflearn.reproduction.page import Section
    from keras_selflearn.reproduction.provenance import describe, notes
    from keras_selflearn.reproduction.runs import finished_runs
    from keras_selflearn.reproduction.table import measure

    preset, results_dir = config.preset, config.results_dir
    grid = make_grid(published, preset, results_dir=results_dir)
    table = measure(grid, finished_runs(grid.folder))
    figures = []
    if table.runs:
        draw_table(grid)
    for number in (2, 3, 4):
        figure = published_figure(number)
        if figure.losses:
            draw_figure(
                figure, make_figure_grid(figure, published, preset, results_dir=results_dir)
            )
        picture = grid.folder / f"figure{number}.png"
        if picture.exists():
            figures.append((f"Figure {number}: {figure.title}, {grid.table.title}", picture))
    return Section(table, notes(grid.folder), describe(table, grid), figures)


if __name__ == "__main__":
    command_line.run(ReportConfig, main, "Gathers tables, figures and claims into one page.")
