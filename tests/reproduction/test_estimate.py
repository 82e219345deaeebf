from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from fake_runs import ENVIRONMENT, write_run
from msgspec import structs

from keras_selflearn.paper import published_table
from keras_selflearn.reproduction import estimate
from keras_selflearn.reproduction.runs import finished_runs
from keras_selflearn.runs.configuration import resolve
from keras_selflearn.runs.record import Environment
from keras_selflearn.runs.workload import Workload

HERE = Environment(**ENVIRONMENT)


def test_sizes_are_the_paper_s_or_those_of_the_subset(grid):
    config = replace(resolve(grid.cells()[1].config), epochs=1, all_labelled_epochs=1)
    assert estimate.planned(config, grid.table).trained_images == 400
    whole = replace(config, train_images=None, test_images=10**9)
    assert estimate.planned(whole, grid.table) == Workload(500, 50_000, 10_000)


def test_finished_runs_on_this_hardware_tell_the_speed(grid):
    cell = grid.cells()[1]
    write_run(cell, [1.0], seconds=15 + 123.0)  # one epoch of 400, then 30 test images
    runs = finished_runs(grid.folder)
    speed = estimate.seconds_per_pass(runs, runs[0].config, 32, HERE)
    assert speed == pytest.approx(123 / (3 * 400 + 30))
    assert estimate.expected_seconds(estimate.done(runs[0]), speed) == pytest.approx(15 + 123)


@pytest.mark.slow
def test_elsewhere_a_trial_tells_it(grid, monkeypatch):
    # In this process, without the seconds that another takes to start.
    monkeypatch.setattr(estimate, "ProcessPoolExecutor", lambda n, mp_context: ThreadPoolExecutor())
    cell = grid.cells()[1]
    write_run(cell, [1.0], seconds=1e9)
    runs = finished_runs(grid.folder)
    for other in ({"cpu": "another CPU"}, {"gpus": ["a GPU"]}):
        speed = estimate.seconds_per_pass(runs, runs[0].config, 32, structs.replace(HERE, **other))
        assert 0 < speed < 1


def test_the_paper_s_table_takes_days_here():
    """1.2 million steps of self-learning: at 300 images/s some five days a run."""
    from keras_selflearn.reproduction.grid import make_grid

    grid = make_grid(published_table(2), "paper")
    work = estimate.planned(resolve(grid.cells()[0].config), grid.table)
    assert 4 < estimate.expected_seconds(work, 1 / 900) / 86400 < 6


@pytest.mark.slow
def test_a_trial_leaves_no_network_in_this_process(grid, monkeypatch):
    from keras_selflearn.network import model

    monkeypatch.setattr(model, "build_network", None)
    config = resolve(grid.cells()[0].config)
    assert estimate.seconds_per_pass([], config, 32, HERE) > 0
