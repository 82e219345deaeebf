from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from dataclasses import replace

import pytest
from waiting import finish, wait_for

from keras_selflearn.console import command_line
from keras_selflearn.options.config import Config
from keras_selflearn.reproduction.executors import run_in_processes
from keras_selflearn.reproduction.grid import Cell
from keras_selflearn.reproduction.runs import finished_runs


def cell(tmp_path, *flags):
    flags = (*flags, "--backbone=tiny", "--epochs=1", "--meta_iterations=0")
    flags += (f"--results_dir={tmp_path}",)
    return Cell("cell", flags, command_line.parse(Config, flags))


@pytest.mark.slow
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


@pytest.mark.slow
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
        f"config = Config(results_dir='{tmp_path}')\n"
        "cells = [Cell('a', flags, config), Cell('b', flags, config)]\n"
        "for outcome in run_in_processes(cells):\n"
        "    print(outcome.error, flush=True)\n"
    )
    outcomes, errors = tmp_path / "outcomes", tmp_path / "errors"
    with outcomes.open("w") as stdout, errors.open("w") as stderr:
        command = [sys.executable, "-c", program]
        grid = subprocess.Popen(command, stdout=stdout, stderr=stderr, start_new_session=True)
    try:
        first = wait_for("its first cell", lambda: child_of(grid.pid), grid, errors)
        os.kill(first, signal.SIGKILL)
        (outcome,) = wait_for("an outcome", lambda: lines(outcomes), grid, errors)
        assert outcome.endswith("killed by signal 9")
        second = wait_for("its second cell", lambda: child_of(grid.pid), grid, errors)
        grid.send_signal(signal.SIGINT)
        finish(grid, "the interrupted grid", errors)
        assert not os.path.exists(f"/proc/{second}")
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(grid.pid, signal.SIGKILL)  # with the cell, where the test failed


def lines(path):
    """Those that are whole."""
    text = path.read_text()
    return text.splitlines() if text.endswith("\n") else []


def child_of(pid):
    """The process id of the cell, None before it is there; other children come and go."""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{pid}/children") as file:
        for child in file.read().split():
            with contextlib.suppress(OSError), open(f"/proc/{child}/cmdline") as file:
                if "keras_selflearn.main" in file.read():
                    return int(child)
    return None
