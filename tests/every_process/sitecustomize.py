"""Runs in each Python process of the tests, as `site` imports it from PYTHONPATH; see `places`.

Notes each write outside the places of the tests, with the test that was running. Makes `auto`
precision mean float32 where KERAS_SELFLEARN_TEST_PRECISION asks for it. Makes a run draw few points
where a test started the process: the tests' own process does that in a fixture. No other module of
the tests is imported here: a process may have a reason to be small.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import os
import sys
from pathlib import Path

SUITE, KEPT, PRECISION = (
    f"KERAS_SELFLEARN_TEST_{name}" for name in ("PLACES", "KEPT", "PRECISION")
)
# What tools keep beside the sources, or what is no file on a disk.
_CACHES = {"__pycache__", ".pytest_cache", ".ruff_cache", ".hypothesis"}
_NO_DISK = ("/dev/", "/proc/", "/sys/")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_FEW_POINTS = 30


def _written(event: str, arguments: tuple) -> tuple:
    """What an audit event writes."""
    if event == "open":
        path, _, flags = arguments
        return (path,) if isinstance(flags, int) and flags & _WRITING else ()
    if event == "os.mkdir":
        path, _, folder = arguments
        return (path,) if folder == -1 and not os.path.lexists(path) else ()
    if event in ("os.rename", "os.link", "os.symlink"):
        return (arguments[1],) if arguments[-1] == -1 else ()
    return ()


def _is_outside(path: str) -> bool:
    allowed = (os.environ[name] + os.sep for name in (SUITE, KEPT) if name in os.environ)
    if path.startswith((*_NO_DISK, *allowed)) or _CACHES & {*path.split(os.sep)}:
        return False
    return os.path.isdir(os.path.dirname(path))  # else nothing was written


def watch() -> None:
    """Note in the file `outside` what this process writes outside while a test runs."""
    notes = os.path.join(os.environ[SUITE], "outside")

    def note(event: str, arguments: tuple) -> None:
        for each in _written(event, arguments):
            test = os.environ.get("PYTEST_CURRENT_TEST")
            if test is None or isinstance(each, int):
                continue
            path = os.path.realpath(os.fsdecode(each))
            if _is_outside(path):
                with open(notes, "a", errors="surrogateescape") as file:
                    file.write(f"{path} ({test})\n")

    sys.addaudithook(note)


class _Changes(importlib.abc.MetaPathFinder):
    """Changes modules of the package, by name, once each is imported."""

    def __init__(self, changes: dict) -> None:
        self.changes = changes

    def find_spec(self, name, path=None, target=None):
        if name not in self.changes:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        execute = spec.loader.exec_module

        def exec_module(module):
            execute(module)
            self.changes[name](module)

        spec.loader.exec_module = exec_module
        return spec


def _forget_bfloat16(module) -> None:
    if module._INFO.exists():
        module._INFO = _without_bfloat16(module._INFO)


def _without_bfloat16(info: Path) -> Path:
    text = info.read_text(encoding="utf-8")
    for feature in ("amx_bf16", "avx512_bf16"):
        text = text.replace(f" {feature}", "")
    changed = Path(os.environ[SUITE], f"cpuinfo-{os.getpid()}")
    changed.write_text(text, encoding="utf-8")
    return changed


def _draw_few(module) -> None:
    # A test of the points themselves is in the tests' own process.
    if "pytest" not in sys.modules:
        module._MOST_POINTS = _FEW_POINTS


def change_modules() -> None:
    """Make runs draw few points, and `auto` mean what KERAS_SELFLEARN_TEST_PRECISION says."""
    changes = {"keras_selflearn.runs.page.scatter": _draw_few}
    asked = os.environ.get(PRECISION)
    if asked == "float32":
        changes["keras_selflearn.network.cpu"] = _forget_bfloat16
    elif asked:
        raise SystemExit(f"{PRECISION} is '{asked}': 'float32' is all that can be forced.")
    sys.meta_path.insert(0, _Changes(changes))


if SUITE in os.environ:
    watch()
    change_modules()
