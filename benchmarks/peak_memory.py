"""How much memory this process takes at most, as Linux counts it."""

from __future__ import annotations

import threading
from pathlib import Path

MIB = 2**20

NOT_MEASURED = "Memory is measured on Linux only: it is left out here."

_STATUS = Path("/proc/self/status")
_SECONDS_BETWEEN_SAMPLES = 0.005


class PeakMemory:
    """The most anonymous memory inside a `with` block, seen by a thread that looks every 5 ms.

    Anonymous (`RssAnon`) is what the process itself has filled: its arrays, TensorFlow's buffers.
    Pages of a mapped file are not: Linux takes them back whenever it wants the memory.

    Attributes
    ----------
    before : int
        Bytes on entry.
    """

    def __enter__(self) -> PeakMemory:
        self.before = self._peak = _anonymous_bytes()
        self._done = threading.Event()
        self._lock = threading.Lock()
        self._watch = threading.Thread(target=self._look, daemon=True)
        self._watch.start()
        return self

    def __exit__(self, *_) -> None:
        self._done.set()
        self._watch.join()

    def take(self) -> int:
        """The peak in bytes since entry or the last call."""
        with self._lock:
            peak = max(self._peak, _anonymous_bytes())
            self._peak = 0
        return peak

    def _look(self) -> None:
        while not self._done.wait(_SECONDS_BETWEEN_SAMPLES):
            with self._lock:  # Else an old peak could come back after it was taken.
                self._peak = max(self._peak, _anonymous_bytes())


def can_measure() -> bool:
    """Whether `PeakMemory` works here."""
    return _STATUS.exists() and "RssAnon:" in _STATUS.read_text()


def _anonymous_bytes() -> int:
    for line in _STATUS.read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    raise OSError(f"{_STATUS} has no RssAnon.")
