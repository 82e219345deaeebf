from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from keras_selflearn import command_line
from keras_selflearn.config import Config
from keras_selflearn.reproduction.executors import run_in_processes
from keras_selflearn.reproduction.grid import Cell
from keras_selflearn.reproduction.runs import finished_runs


def cell(tmp_path, *flags):
    flags = ("--backbone=tiny", "--epochs=1", "--meta_iterations=0", *flags)
    config = Config(results_dir=str(tmp_path / "nothing is finished here"))
    return Cell("cell", (*flags, f"--results_dir={tmp_path}"), config)


def test_a_failure_is_told_with_its_cause_and_the_next_cell_runs(tmp_path, capsys):
    cells = [cell(tmp_path, "--dataset=nothing"), cell(tmp_path, "--seed=3")]
    first, second = run_in_processes(cells)
    assert first.cell is cells[0] and second.cell is cells[1]
    assert first.error.startswith("Unknown dataset 'nothing'") and "exit status 2" in first.error
    assert second.error is None
    (run,) = finished_runs(tmp_path)
    assert run.config.seed == 3
    assert "Unknown dataset 'nothing'" in capsys.readouterr().err


def test_what_another_command_has_finished_is_not_run_again(tmp_path):
    flags = ("--backbone=tiny", "--epochs=1", "--meta_iterations=0", f"--results_dir={tmp_path}")
    twin = Cell("cell", flags, command_line.parse(Config, flags))
    assert [outcome.error for outcome in run_in_processes([twin, twin])] == [None, None]
    assert len(list(tmp_path.glob("*/run.json"))) == 1


def test_cells_run_when_they_are_asked_for(tmp_path):
    outcomes = run_in_processes([cell(tmp_path), cell(tmp_path, "--seed=1")])
    next(outcomes)
    assert len(finished_runs(tmp_path)) == 1


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="Children are found in /proc")
def test_a_killed_cell_and_an_interrupted_grid(tmp_path):
    program = (
        "import sys\n"
        "from keras_selflearn.config import Config\n"
        "from keras_selflearn.reproduction.executors import run_in_processes\n"
        "from keras_selflearn.reproduction.grid import Cell\n"
        f"flags = ('--backbone=tiny', '--epochs=100000', '--results_dir={tmp_path}')\n"
        "cells = [Cell('a', flags, Config()), Cell('b', flags, Config())]\n"
        "for outcome in run_in_processes(cells):\n"
        "    print(outcome.error, flush=True)\n"
    )
    grid = subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    os.kill(child_of(grid.pid), signal.SIGKILL)
    assert grid.stdout.readline().strip().endswith("killed by signal 9")
    second = child_of(grid.pid)
    grid.send_signal(signal.SIGINT)
    grid.wait(timeout=30)
    assert not os.path.exists(f"/proc/{second}")


def child_of(pid):
    """The process id of the cell, once it is there."""
    path = f"/proc/{pid}/task/{pid}/children"
    for _ in range(300):
        with open(path) as file:
            children = file.read().split()
        if children:
            return int(children[0])
        time.sleep(0.1)
    raise AssertionError("no cell was started")
