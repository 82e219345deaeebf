"""Runs cells one after another, each in a process of its own."""

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
    """What became of a cell; `error` is None where it succeeded, else the cause, in a line."""

    cell: Cell
    error: str | None


Executor = Callable[[Iterable[Cell]], Iterator[Outcome]]


def run_in_processes(cells: Iterable[Cell]) -> Iterator[Outcome]:
    """Run each cell in a process of its own, so that all its memory is returned.

    One that has been finished in the meantime is not run again.

    Yields
    ------
    Outcome
        In the order of `cells`, each as soon as it is there.
    """
    for cell in cells:
        if is_finished(cell.config):
            yield Outcome(cell, None)
            continue
        command = [sys.executable, "-m", "keras_selflearn.main", *cell.flags]
        yield Outcome(cell, _run(command))


def is_finished(config: Config) -> bool:
    """Whether a finished run of it is in its folder, perhaps another command's."""
    from keras_selflearn.runs.experiment import resolve

    wanted = identity(resolve(config))
    return wanted in by_identity(finished_runs(Path(config.results_dir).expanduser()))


def _run(command: Sequence[str]) -> str | None:
    """None, or the cause of a failure: the last line that the command said, and how it ended."""
    last_lines: deque[str] = deque(maxlen=1)
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace"
    ) as process:
        try:
            for line in process.stderr:
                sys.stderr.write(line)
                if line.strip():
                    last_lines.append(line.strip())
        except BaseException:  # Ctrl-C, above all: the cell must not go on alone.
            process.terminate()
            for line in process.stderr:  # It saves what it has, and says so.
                sys.stderr.write(line)
            raise
    if process.returncode == 0:
        return None
    ending = f"exit status {process.returncode}"
    if process.returncode < 0:
        ending = f"killed by signal {-process.returncode}"
    return f"{last_lines[0]} ({ending})" if last_lines else ending
