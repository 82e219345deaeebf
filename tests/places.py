"""Places of the tests' own: no test reads or writes a user's home, caches, results or data.

A folder of the suite holds, for each process that runs tests, a home folder, a folder for
temporary files and a working directory. Every process that a test starts has them from its
environment. The suite's folder is removed at the end; `--basetemp` keeps the tests' own files.
"""

from __future__ import annotations

import atexit
import os
import runpy
import shutil
import site
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_HOOK = Path(__file__).resolve().parent / "every_process" / "sitecustomize.py"
_SUITE = "KERAS_SELFLEARN_TEST_PLACES"
_KEPT = "KERAS_SELFLEARN_TEST_KEPT"
# They would lead out of the home folder or out of the temporary folder.
_LEADING_OUT = """XDG_CACHE_HOME XDG_CONFIG_HOME XDG_DATA_HOME XDG_STATE_HOME KERAS_HOME
TFDS_DATA_DIR MPLCONFIGDIR RAY_TMPDIR TEMP TMP""".split()
# Without them the interpreter itself or its packages are not found in another home folder.
_INTERPRETERS = {"PYENV_ROOT": "~/.pyenv", "PYTHONUSERBASE": site.getuserbase()}
_NOT_WATCHED = {"__pycache__", ".pytest_cache", ".ruff_cache", ".hypothesis", ".git", "build"}


@dataclass(frozen=True)
class Places:
    """Where the tests of one process are at home."""

    suite: Path
    home: Path
    temporary: Path
    working: Path

    def left_behind(self) -> list[str]:
        """What is in places that a test gives no files, unless it forgot to name others."""
        shared = [self.home / ".cache/keras_selflearn", self.home / ".keras/models"]
        shared += [self.home / "tensorflow_datasets", self.working]
        return sorted(str(path) for folder in shared for path in folder.glob("*"))

    def clear(self) -> None:
        """Remove what was left behind."""
        for path in map(Path, self.left_behind()):
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()

    def written_outside(self) -> list[str]:
        """What any process wrote elsewhere, each with its test."""
        notes = self.suite / "outside"
        lines = notes.read_text(errors="surrogateescape").splitlines() if notes.exists() else []
        return sorted({*lines})


def take() -> Places:
    """Make this process's places and lead it, and all that it starts, there."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is None:
        _begin()
    suite = Path(os.environ[_SUITE])
    folder = suite / (worker or "main")
    places = Places(suite, *(folder / name for name in ("home", "tmp", "cwd")))
    for each in (places.home, places.temporary, places.working):
        each.mkdir(parents=True)
    for name in _LEADING_OUT:
        os.environ.pop(name, None)
    os.environ.update(HOME=str(places.home), TMPDIR=str(places.temporary))
    tempfile.tempdir = str(places.temporary)
    return places


def keep(folder: str) -> None:
    """Let tests write to this folder as well, which stays."""
    os.environ[_KEPT] = os.path.realpath(folder)


def _begin() -> None:
    for name, path in _INTERPRETERS.items():
        path = os.path.expanduser(path)
        if os.path.isdir(path):
            os.environ.setdefault(name, path)
    # A short name: a socket's path has at most 107 characters, and Ray's are long.
    suite = Path(tempfile.mkdtemp(prefix="ksl-")).resolve()
    os.environ[_SUITE] = str(suite)
    paths = [_HOOK.parent, ROOT, os.environ.get("PYTHONPATH")]
    os.environ["PYTHONPATH"] = os.pathsep.join(str(path) for path in paths if path)
    process = os.getpid()

    def remove() -> None:
        if os.getpid() == process:  # and not of a process that was forked from it
            shutil.rmtree(suite, ignore_errors=True)

    # What is registered first is called last, after pytest has tidied up.
    atexit.register(remove)
    # Workers of pytest-xdist and other children import it when they start.
    runpy.run_path(str(_HOOK))


def checkout() -> set[str]:
    """Each file and folder of the checkout, but for what tools keep there."""
    found = set()
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if not _is_of_a_tool(name)]
        files = [name for name in files if not _is_of_a_tool(name)]
        found |= {os.path.relpath(os.path.join(folder, name), ROOT) for name in folders + files}
    return found


def _is_of_a_tool(name: str) -> bool:
    return (
        name in _NOT_WATCHED
        or name.startswith((".venv-", ".coverage."))
        or name.endswith(".egg-info")
    )
