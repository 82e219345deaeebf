"""Waiting for other processes: for a condition, for minutes, and with a word when it is in vain."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Callable

import pytest

DEADLINE = 600.0  # seconds; a machine may be slow, and busy with other work


def wait_for(
    what: str,
    condition: Callable[[], object],
    process: subprocess.Popen | None = None,
    *logs: Path,
    deadline: float = DEADLINE,
) -> object:
    """Wait until the condition holds and return its value.

    The test fails when the deadline passes or the process ends before, and shows what the process
    said: what is left in its pipes, and in the files that it writes to.

    Parameters
    ----------
    what : str
        What is waited for, for people: "Waited ... for WHAT".
    condition : callable
    process : subprocess.Popen, optional
        The process that makes the condition true.
    *logs : Path
        Files that it writes to.
    deadline : float
        Seconds.
    """
    end = time.monotonic() + deadline
    while True:
        # Asked before the condition: what the process did last counts.
        ended = process is not None and process.poll() is not None
        if found := condition():
            return found
        if ended:
            reason = f"The process ended with status {process.returncode} before {what}."
            pytest.fail(reason + said(process, *logs))
        if time.monotonic() > end:
            pytest.fail(f"Waited {deadline:.0f} seconds for {what}." + said(process, *logs))
        time.sleep(0.05)


def finish(
    process: subprocess.Popen, what: str, *logs: Path, deadline: float = DEADLINE
) -> tuple[str | None, str | None]:
    """What `communicate` gives once the process has ended; the test fails where it does not."""
    try:
        return process.communicate(timeout=deadline)
    except subprocess.TimeoutExpired:
        pytest.fail(f"Waited {deadline:.0f} seconds for {what} to end." + said(process, *logs))


def said(process: subprocess.Popen | None, *logs: Path) -> str:
    """End the process and return all that it said."""
    texts = [log.read_text(errors="replace") for log in logs if log.exists()]
    if process is not None:
        process.kill()
        try:
            texts += [text for text in process.communicate(timeout=10) if text]
        except (subprocess.TimeoutExpired, ValueError) as error:
            # Its own children keep the pipe open, or the test has closed it.
            texts.append(f"({error})")
    return " It said:\n" + ("\n".join(texts) or "nothing")


def run_process(
    command: Sequence[str] | str, *, check: bool = False, **options
) -> subprocess.CompletedProcess:
    """As `subprocess.run` with its output captured as text, but for minutes.

    The test fails, and shows the output, where the process does not end by then or, with `check`,
    ends with another status than 0.
    """
    options = {"text": True, "errors": "replace", **options}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
    output, errors = finish(process, str(command))
    if check and process.returncode != 0:
        pytest.fail(f"{command} ended with status {process.returncode}:\n{output}{errors}")
    return subprocess.CompletedProcess(command, process.returncode, output, errors)
