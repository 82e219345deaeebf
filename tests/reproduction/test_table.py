from __future__ import annotations

import pytest
from fake_runs import write_run

from keras_selflearn.reproduction.runs import finished_runs
from keras_selflearn.reproduction.table import Measured, average, measure


def test_mean_and_sample_deviation():
    measured = Measured({0: 70.0, 1: 74.0, 2: 75.0})
    assert measured.mean == pytest.approx(73.0)
    assert measured.std == pytest.approx((9 / 2 + 1 / 2 + 4 / 2) ** 0.5)  # over n - 1
    assert measured.n == 3


def test_one_run_has_no_deviation_and_none_no_mean():
    assert (Measured({0: 50.0}).mean, Measured({0: 50.0}).std) == (50.0, None)
    assert (Measured({}).mean, Measured({}).std, Measured({}).n) == (None, None, 0)


def test_each_cell_gets_its_runs(grid):
    """Accuracies that name their cell, over three seeds."""
    for number, cell in enumerate(grid.cells()):
        for seed in range(3):
            write_run(cell, [number + seed, 50 + number + seed], seed=seed)
    table = measure(grid, finished_runs(grid.folder))
    assert len(table.rows) == 8 and len(table.runs) == 16 * 3
    for number, row in enumerate(table.rows):
        first = 2 * number  # self-learning, then all-labelled
        assert row.cells["n_labelled"].accuracies == {s: first + s for s in range(3)}
        assert row.cells["self_learning"].accuracies == {s: 50 + first + s for s in range(3)}
        assert row.cells["all_labelled"].accuracies == {s: 51 + first + s for s in range(3)}


def test_a_run_asked_for_otherwise_fills_nothing(grid):
    write_run(grid.cells()[0], [10.0, 20.0], epochs=7)
    table = measure(grid, finished_runs(grid.folder))
    assert not table.runs
    assert all(cell.n == 0 for row in table.rows for cell in row.cells.values())


def test_difference_from_the_paper(grid):
    cell = next(each for each in grid.cells() if "triplet, imagenet" in each.name)
    write_run(cell, [70.0, 80.0])
    row = measure(grid, finished_runs(grid.folder)).row("triplet", "imagenet")
    assert row.difference("n_labelled") == pytest.approx(70.0 - 76.42)
    assert row.difference("self_learning") == pytest.approx(80.0 - 78.36)
    assert row.difference("all_labelled") is None


def test_average_over_the_seeds_that_all_have():
    mean = average([Measured({0: 10.0, 1: 20.0, 2: 0.0}), Measured({0: 30.0, 1: 60.0})])
    assert mean.accuracies == {0: 20.0, 1: 40.0}
    assert average([Measured({0: 1.0}), Measured({})]).n == 0
