"""Ctrl-C and SIGTERM: a run finishes its step and saves before it stops."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopped(KeyboardInterrupt):
    """The request to stop a run, made by a signal.

    Attributes
    ----------
    number : int
    kept : str
        The folder from which the run can go on, or an empty string.
    """

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number
        self.kept = ""


class _State:
    deferring = False
    done = False
    received: int | None = None


_state = _State()


@contextlib.contextmanager
def stop_signals() -> Iterator[None]:
    """Make SIGINT and SIGTERM raise `Stopped` in the block, at once or where `deferred` says.

    Without effect outside the main thread, to which Python gives no signals.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, _handle) for number in _SIGNALS}
    try:
        yield
    finally:
        _state.received = None
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def deferred() -> Iterator[None]:
    """Let `Stopped` be raised only by `check_for_stop` in the block, and at its begin and its end.

    The same signal a second time raises a plain KeyboardInterrupt at once.
    """
    _state.deferring = True
    try:
        check_for_stop()
        yield
        check_for_stop()
    finally:
        _state.deferring, _state.done, _state.received = False, False, None


def check_for_stop() -> None:
    """Raise `Stopped` if a signal has come since the block of `stop_signals` began."""
    if _state.received is not None:
        raise Stopped(_state.received)


def forget_stop() -> None:
    """Ignore signals in the rest of `deferred`, also one that has come: all work is done."""
    _state.received = None
    _state.done = True


def _handle(number: int, _: FrameType | None) -> None:
    if _state.done:
        return
    if not _state.deferring:
        # It is noted, too, because code that is being imported may catch every exception.
        _state.received = number
        raise Stopped(number)
    # A program may get both signals when it is closed: Ctrl-C goes to all of a terminal.
    if _state.received == number:
        raise KeyboardInterrupt
    _state.received = number
    # Nobody may be reading any more, or the signal came in the middle of another line.
    with contextlib.suppress(OSError, RuntimeError):
        print("\nStopping after this step; once more stops at once.", file=sys.stderr, flush=True)
