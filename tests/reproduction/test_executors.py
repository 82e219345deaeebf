from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from keras_selflearn.console import command_line
from keras_selflearn.options.config import Config
from keras_selflearn.reproduction.executors import run_in_processes
from keras_selflearn.reproduction.grid import Cell
from keras_selflearn.reproduction.runs import finished_runs


def cell(tmp_path, *flags):
    flags = (*flags, "--backbone=tiny", "--epochs=1", "--meta_iterations=0")
    flags += (f"--results_dir={tmp_path}",)
    return Cell("cell", flags, command_line.parse(Config, flags))


def test_each_cell_is_run_once_when_it_is_asked_for_whatever_became_of_others(tmp_path, capsys):
    good = cell(tmp_path, "--seed=3")
    # What can't be resolved would fail before it gets a process.
    bad = replace(good, flags=("--dataset=nothing", f"--results_dir={tmp_path}"))
    bad = replace(bad, config=replace(good.config, seed=4))
    outcomes = run_in_processes([bad, good, good])

    first = next(outcomes)
    assert first.cell is bad
    assert first.error.startswith("Unknown dataset 'nothing'") and "exit status 2" in first.error
    assert "Unknown dataset 'nothing'" in capsys.readouterr().err
    assert not finished_runs(tmp_path)

    second = next(outcomes)
    assert second.cell is good and second.error is None
    (run,) = finished_runs(tmp_path)
    assert run.config.seed == 3

    # As when another command has finished it in the meantime.
    (third,) = outcomes
    assert third.cell is good and third.error is None
    assert len(list(tmp_path.glob("*/run.json"))) == 1


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="Children are found in /proc")
def test_a_killed_cell_and_an_interrupted_grid(tmp_path):
    program = (
        "import signal\n"
        "from keras_selflearn.options.config import Config\n"
        "from keras_selflearn.reproduction.executors import run_in_processes\n"
        "from keras_selflearn.reproduction.grid import Cell\n"
        # A background job of a shell ignores it.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
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
    """The process id of the cell, once it is there; other children come and go."""
    for _ in range(600):
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            children = file.read().split()
        for child in children:
            with contextlib.suppress(OSError), open(f"/proc/{child}/cmdline") as file:
                if "keras_selflearn.main" in file.read():
                    return int(child)
        time.sleep(0.1)
    pytest.fail("no cell was started")
