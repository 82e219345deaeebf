"""Commands in the tests' own process, without the seconds that another takes to start."""

from __future__ import annotations

import contextlib
import io
import subprocess
import warnings

from golden_runs import command

from keras_selflearn.console.errors import InputWarning


def call_here(module: str, *flags: str) -> subprocess.CompletedProcess:
    """What `python -m keras_selflearn.MODULE` says and how it ends."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        with warnings.catch_warnings():
            warnings.simplefilter("default", InputWarning)
            # A test may have imported the command.
            warnings.filterwarnings("ignore", message=".* found in sys.modules after import")
            status = command(module, *flags)
    return subprocess.CompletedProcess([module, *flags], status, out.getvalue(), err.getvalue())
