"""Tells how far the search for similar images is, and how long one takes that takes long."""

from __future__ import annotations

import logging
import time
from typing import Callable

_LOG = logging.getLogger(__name__)
# After so many seconds the pace is known well enough.
_TRIED = 5.0
# So many minutes are announced.
_LONG = 10


class SearchProgress:
    """Called with the number of images whose neighbours are found, after each block of them.

    Once the first seconds have shown how fast this machine is, a long search is announced.

    Parameters
    ----------
    n : int
        The number of all images.
    tell : callable, optional
        `tell(done, n)` is called at the beginning and after each block.
    """

    def __init__(self, n: int, tell: Callable[[int, int], None] | None) -> None:
        self._n = n
        self._tell = tell
        self._since = time.monotonic()
        self._is_known = False
        if tell is not None:
            tell(0, n)

    def __call__(self, done: int) -> None:
        """Tell of so many images."""
        seconds = time.monotonic() - self._since
        if not self._is_known and seconds >= _TRIED:
            self._is_known = True
            minutes = seconds * self._n / done / 60
            if minutes > _LONG:
                _LOG.info(
                    "The graph of %d images takes about %.0f minutes: fewer images take less, and"
                    " so does --labelling=softmax or nearest.",
                    self._n,
                    minutes,
                )
        if self._tell is not None:
            self._tell(done, self._n)
