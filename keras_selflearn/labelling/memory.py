"""Keeps what the rounds of self-learning on fixed embeddings share, such as the graph."""

from __future__ import annotations

import hashlib
from typing import Any, Callable, TypeVar

import numpy as np

T = TypeVar("T")


class Memory:
    """Gives the last result of a kind again if everything that it depends on is the same."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[tuple[Any, ...], Any]] = {}
        self._of_parts: dict[int, Memory] = {}

    def of(self, part: int) -> Memory:
        """The memory of a part of the task, which keeps results of its own."""
        return self._of_parts.setdefault(part, Memory())

    def once(
        self,
        kind: str,
        arrays: tuple[np.ndarray, ...],
        settings: tuple[Any, ...],
        compute: Callable[[], T],
    ) -> T:
        """Return what `compute` returns.

        Parameters
        ----------
        kind : str
            One result is kept of each kind.
        arrays, settings : tuples of arrays and of hashable values
            All that the result depends on.
        compute : callable
            Takes nothing. It is called if the last result of this kind depends on other values.
        """
        digests = (hashlib.sha256(np.ascontiguousarray(each).data).hexdigest() for each in arrays)
        shapes = (each.shape for each in arrays)
        key = (*digests, *shapes, *settings)
        if kind not in self._kept or self._kept[kind][0] != key:
            self._kept.pop(kind, None)  # The old result must not take memory beside the new one.
            self._kept[kind] = key, compute()
        return self._kept[kind][1]
