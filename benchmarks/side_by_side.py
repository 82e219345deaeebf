"""Times two ways of doing the same thing in turn, so that what else runs slows both."""

from __future__ import annotations

import time
from typing import Callable


def seconds(work: Callable[[], object]) -> float:
    """Wall-clock seconds that `work` takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def speedups(
    ours: Callable[[], object], reference: Callable[[], object], rounds: int
) -> tuple[float, ...]:
    """How many times as fast `ours` is as `reference`, in each of `rounds` rounds.

    Both run once before, uncounted. Which of them goes first alternates from round to round.
    """
    ours()
    reference()
    ratios = []
    for i in range(rounds):
        if i % 2:
            of_reference = seconds(reference)
            ratios.append(of_reference / seconds(ours))
        else:
            of_ours = seconds(ours)
            ratios.append(seconds(reference) / of_ours)
    return tuple(ratios)
