"""Runs cells one after another, each in its own process."""

from __future__ import annotations

import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from keras_selflearn.options.config import Config
from keras_selflearn.reproduction.grid import Cell
from keras_selflearn.reproduction.runs import by_identity, finished_runs, identity


@dataclass(frozen=True)
class Outcome:
    """The result of a cell; `error` is None for a success, else the cause in one line."""

    cell: Cell
    error: str | None


Executor = Callable[[Iterable[Cell]], Iterator[Outcome]]


def run_in_processes(cells: Iterable[Cell]) -> Iterator[Outcome]:
    """Run each cell in its own process, which returns all its memory.

    A cell that was finished in the meantime is not run again.

    Yields
    ------
    Outcome
        In the order of `cells`, as soon as each has ended.
    """
    for cell in cells:
        if is_finished(cell.config):
            yield Outcome(cell, None)
            continue
        command = [sys.executable, "-m", "keras_selflearn.main", *cell.flags]
        yield Outcome(cell, _run(command))


def is_finished(config: Config) -> bool:
    """Tell whether its folder holds a finished run of it, perhaps from another command."""
    from keras_selflearn.runs.configuration import resolve

    wanted = identity(resolve(config))
    return wanted in by_identity(finished_runs(Path(config.results_dir).expanduser()))


def _run(command: Sequence[str]) -> str | None:
    """Return None, or the cause of a failure: the last line of its errors, and its exit status."""
    last_lines: deque[str] = deque(maxlen=1)
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace"
    ) as process:
        errors = process.stderr or ()
        try:
            for line in errors:
                sys.stderr.write(line)
                if line.strip():
                    last_lines.append(line.strip())
        except BaseException:  # After Ctrl-C the cell must not go on alone.
            process.terminate()
            for line in errors:  # The cell saves its state and says so.
                sys.stderr.write(line)
            raise
    if process.returncode == 0:
        return None
    ending = f"exit status {process.returncode}"
    if process.returncode < 0:
        ending = f"killed by signal {-process.returncode}"
    return f"{last_lines[0]} ({ending})" if last_lines else ending
