"""Run the benchmark: `python -m benchmarks`, or parts of it: `--only=training,labelling`."""

from __future__ import annotations

import importlib
import json
import multiprocessing
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.line import Line, as_text
from benchmarks.settings import Settings
from keras_selflearn import command_line
from keras_selflearn.errors import check_integer, unknown_name
from keras_selflearn.files import write_whole
from keras_selflearn.quiet import import_tensorflow_quietly

# Each is a module here with a function `lines(settings)`, in the order of the table.
PARTS = (
    "training",
    "embedding",
    "precision",
    "labelling",
    "meta_iteration",
    "memory",
    "start",
    "floor",
)


def main(settings: Settings) -> None:
    """Run the parts, print the table and write it; exit status 1 where a bound is not kept."""
    parts = [name for name in settings.only.split(",") if name] or list(PARTS)
    for name in parts:
        if name not in PARTS:
            raise unknown_name("part of the benchmark", name, PARTS)
    check_integer("rounds", settings.rounds, least=1)
    lines: list[Line] = []
    for name in parts:
        start = time.monotonic()
        print(f"{name} ...", file=sys.stderr, end="", flush=True)
        lines += _in_own_process(_run, name, settings)
        print(f" {time.monotonic() - start:.0f} s", file=sys.stderr)
    print(as_text(lines))
    record = {
        "environment": _in_own_process(_environment),
        "lines": [line.as_record() for line in lines],
    }
    write_whole(Path(settings.output), json.dumps(record, indent=2) + "\n")
    if not all(line.holds for line in lines):
        sys.exit(1)


def _in_own_process(function: Any, *arguments: Any) -> Any:
    # What one part leaves in TensorFlow, above all memory, must not weigh on the next.
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def _run(name: str, settings: Settings) -> list[Line]:
    if name != "start":  # which measures how long that takes
        import_tensorflow_quietly()
    return importlib.import_module(f"benchmarks.{name}").lines(settings)


def _environment() -> dict[str, Any]:
    import_tensorflow_quietly()
    from keras_selflearn.environment import describe_environment
    from keras_selflearn.precision import resolve_precision

    return describe_environment(resolve_precision("auto"))


if __name__ == "__main__":
    command_line.run(Settings, main, "How fast keras_selflearn is, beside what the machine allows.")
