"""How long a command takes before it does what it is for."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

from benchmarks.line import Line
from benchmarks.settings import Settings
from benchmarks.side_by_side import seconds

AT_MOST = 0.5  # seconds
_ROOT = Path(__file__).resolve().parent.parent
_MAIN = ("-m", "keras_selflearn.main")
_IMPORT = "import keras_selflearn"
_FIRST_STEP = re.compile(rb"step 1/\d+")


def lines(settings: Settings) -> list[Line]:
    """Of `--help`, of the bare import, and of a run on digits until its first step is done."""
    loaded = _output_of("-c", "import sys, keras_selflearn; print('tensorflow' in sys.modules)")
    return [
        Line(
            "--help beyond Python's start",
            _beyond_start(settings, *_MAIN, "--help"),
            "s",
            at_most=AT_MOST,
        ),
        Line(
            "import keras_selflearn beyond Python's start",
            _beyond_start(settings, "-c", _IMPORT),
            "s",
            at_most=AT_MOST,
        ),
        Line(
            "TensorFlow imported with keras_selflearn",
            (float(loaded != "False\n"),),
            "times",
            at_most=0,
        ),
        Line(
            "from the command to the first training step",
            tuple(seconds(run_until_first_step) for _ in range(settings.rounds)),
            "s",
            note="digits, VGG16 from random weights, batch 100",
        ),
    ]


def _beyond_start(settings: Settings, *arguments: str) -> tuple[float, ...]:
    _output_of(*arguments)  # Reads the files from the disk.
    _output_of("-c", "pass")
    return tuple(
        seconds(lambda: _output_of(*arguments)) - seconds(lambda: _output_of("-c", "pass"))
        for _ in range(settings.rounds)
    )


def _output_of(*arguments: str) -> str:
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=_ROOT, check=True, capture_output=True, text=True).stdout


def run_until_first_step(*flags: str) -> None:
    """Run the command on a terminal, where its bar shows the steps, and end it after the first.

    Parameters
    ----------
    *flags : str
        More of them, for `keras_selflearn.main`.

    Raises
    ------
    RuntimeError
        With what it said, when it ended before.
    """
    screen, terminal = pty.openpty()
    # A new one has no columns, and a bar no room.
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, *_MAIN, "--labels=100", f"--results_dir={folder}", *flags]
        process = subprocess.Popen(
            command, cwd=_ROOT, stdout=subprocess.DEVNULL, stderr=terminal, start_new_session=True
        )
        os.close(terminal)
        shown = b""
        try:
            while not _FIRST_STEP.search(shown):
                shown += os.read(screen, 4096)
        except OSError as error:  # The other end is closed.
            raise RuntimeError(f"No step was done: {shown.decode(errors='replace')}") from error
        finally:
            process.kill()
            process.wait()
            os.close(screen)
