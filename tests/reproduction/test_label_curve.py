"""Tests of accuracy over the number of labels."""

from __future__ import annotations

import pytest
from calling import call_here
from fake_runs import write_run
from pictures import keep_figures, shows_something

from keras_selflearn.reproduction.label_curve import draw_label_curves, label_curves, markdown
from keras_selflearn.reproduction.runs import finished_runs


@pytest.fixture
def cell(grid):
    """A cell of self-learning."""
    return next(each for each in grid.cells() if each.config.regime == "self-learning")


def write(cell, labels, *accuracies, **changes):
    folder = f"{cell.config.results_dir}/{labels}{'-'.join(map(str, changes.values()))}"
    for seed, each in enumerate(accuracies):
        places = {"labelled": labels, "labels": labels, "seed": seed, "results_dir": folder}
        write_run(cell, each, **places, **changes)


def runs(grid):
    return [run for path in grid.folder.glob("*") for run in finished_runs(path)]


def test_runs_that_differ_in_the_draw_are_one_point(grid, cell):
    write(cell, 40, [60.0, 70.0, 80.0], [62.0, 71.0, 79.0], seconds=10)
    write(cell, 10, [50.0, 65.5], seconds=20)
    (curve,) = label_curves(runs(grid))
    assert curve.settings == ""
    few, more = curve.points
    assert (few.labels, few.in_class, few.before, few.after) == (10, 1.0, (50.0,), (65.5,))
    assert (more.labels, more.in_class, more.seconds) == (40, 4.0, (10, 10))
    assert (more.before, more.after, more.gains) == ((60.0, 62.0), (80.0, 79.0), [20.0, 17.0])
    assert markdown([curve]).splitlines()[2:] == [
        f"| {cell.config.dataset} |  | 10 | 50.0 | 65.5 | +15.5 | 20 |",
        # The sample deviations of 60 and 62, and of 80 and 79, by hand.
        f"| {cell.config.dataset} |  | 40 | 61.0 ± 1.4 | 79.5 ± 0.7 | +20.0, +17.0 | 10 |",
    ]


def test_runs_with_other_settings_are_another_curve(grid, cell):
    write(cell, 40, [60.0, 70.0], batch_size=20)
    write(cell, 40, [61.0, 72.0], batch_size=30)
    curves = label_curves(runs(grid))
    assert [curve.settings for curve in curves] == ["--batch_size=20", "--batch_size=30"]
    assert [curve.points[0].after for curve in curves] == [(70.0,), (72.0,)]


def test_other_regimes_and_unfinished_runs_are_left_out(grid, cell):
    write(cell, 40, [60.0, 70.0], status="running")
    other = next(each for each in grid.cells() if each.config.regime == "all-labelled")
    write_run(other, [90.0])
    assert label_curves(runs(grid)) == []
    found = call_here("report", f"--label_curve={grid.folder}")
    assert found.returncode == 2
    assert found.stderr.splitlines()[-1].startswith("There is no finished run of self-learning")


def test_more_settings_than_a_picture_tells_apart(grid, cell):
    for size in (10, 20, 30, 40):
        write(cell, 40, [60.0, 70.0], batch_size=size)
    with pytest.raises(ValueError, match="have 4 different settings, and one picture shows 3"):
        draw_label_curves(grid.folder)


def test_runs_lie_in_the_folder_or_in_its_subfolders(grid, cell):
    write_run(cell, [50.0, 65.0], labelled=10, labels=10)
    write(cell, 40, [60.0, 80.0])
    table = draw_label_curves(grid.folder)[0].read_text()
    assert [line.split(" | ")[2] for line in table.splitlines()[2:]] == ["10", "40"]


def test_lines_join_the_means(grid, cell, monkeypatch):
    figures = keep_figures(monkeypatch, write=True)
    write(cell, 10, [50.0, 65.0], [54.0, 69.0])
    write(cell, 40, [60.0, 80.0])
    files = draw_label_curves(grid.folder)
    assert [path.name for path in files] == ["labels.md", "labels.png", "labels.svg"]
    after, before = (
        line for line in figures[0].axes[0].lines if not line.get_label().startswith("_")
    )
    assert (list(after.get_xdata()), list(after.get_ydata())) == ([1, 4], [67, 80])
    assert list(before.get_ydata()) == [52, 60]
    assert after.get_label().endswith("self-learning")
    assert before.get_label().endswith("labels only")
    assert before.get_linestyle() != after.get_linestyle()
    assert shows_something(files[1])
    assert "Labels in a class" in files[2].read_text()
