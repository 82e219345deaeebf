"""The parts of the benchmark, as a process of its own runs them: it can't import `__main__`."""

from __future__ import annotations

import importlib
import sys
from typing import Any

from benchmarks.line import Line, as_text
from benchmarks.settings import Settings
from keras_selflearn.console.quiet import import_tensorflow_quietly

# Each is a module here with a function `lines(settings)`, in the order of the table. It gives one
# line after the other where each takes long.
PARTS = (
    "training",
    "augmentation",
    "embedding",
    "precision",
    "labelling",
    "graph",
    "suggest",
    "features",
    "backbones",
    "export",
    "meta_iteration",
    "memory",
    "start",
    "floor",
)


def run_part(name: str, settings: Settings) -> list[Line]:
    """The lines of the part called `name`; each is shown on standard error once it is measured."""
    if name != "start":  # which measures how long that takes
        import_tensorflow_quietly()
    found = []
    for line in importlib.import_module(f"benchmarks.{name}").lines(settings):
        print(as_text([line]), file=sys.stderr, flush=True)
        found.append(line)
    return found


def describe_machine() -> dict[str, Any]:
    """What the lines were measured on."""
    import_tensorflow_quietly()
    from msgspec import to_builtins

    from keras_selflearn.network.precision import resolve_precision
    from keras_selflearn.runs.environment import describe_environment

    return to_builtins(describe_environment(resolve_precision("auto")))
