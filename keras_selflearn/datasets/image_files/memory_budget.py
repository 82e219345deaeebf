"""A budget that threads share, in the order in which they ask."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Iterator

_SECONDS_BETWEEN_LOOKS = 0.1


class Stopping(Exception):
    """Nobody waits for the result any more."""


class Budget:
    """So much of something, from which each thread takes a part for a while.

    Parameters
    ----------
    whole : int
    """

    def __init__(self, whole: int) -> None:
        self._whole = self._free = whole
        self._changed = threading.Condition()
        self._waiting: deque[object] = deque()

    @contextlib.contextmanager
    def taken(self, amount: int, stopping: threading.Event) -> Iterator[None]:
        """Wait until `amount`, or the whole where it is less, is free, and take it for the block.

        First come, first served: what needs much is not passed over for ever.

        Raises
        ------
        Stopping
            When `stopping` is set meanwhile.
        """
        amount = min(amount, self._whole)
        ticket = object()
        with self._changed:
            self._waiting.append(ticket)
            try:
                while self._waiting[0] is not ticket or self._free < amount:
                    if stopping.is_set():
                        raise Stopping
                    self._changed.wait(_SECONDS_BETWEEN_LOOKS)
                self._free -= amount
            finally:
                self._waiting.remove(ticket)
                self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._free += amount
                self._changed.notify_all()
