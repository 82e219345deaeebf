"""One line of the table: what was measured, and what it must be."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Line:
    """A measurement.

    Attributes
    ----------
    name : str
        What is measured, over what.
    rounds : tuple of float
        The value of each round, in `unit`.
    unit : str
        "x" for a ratio, else "s", "MiB", "GFLOP/s", "%", ...
    at_least, at_most : float or None
        The bound that the median must keep; neither where there is none on this machine.
    note : str
        Sizes and circumstances that the figure depends on, and why there is no bound.
    """

    name: str
    rounds: tuple[float, ...]
    unit: str = "x"
    at_least: float | None = None
    at_most: float | None = None
    note: str = ""

    @property
    def value(self) -> float:
        """The median of the rounds."""
        return statistics.median(self.rounds)

    @property
    def holds(self) -> bool:
        """Whether the median keeps its bound; a line without one always does."""
        above = self.at_least is None or self.value >= self.at_least
        return above and (self.at_most is None or self.value <= self.at_most)

    @property
    def bound(self) -> str:
        """The bound in words, empty where there is none."""
        if self.at_least is not None:
            return f"at least {self.at_least:g}"
        return "" if self.at_most is None else f"at most {self.at_most:g}"

    def as_record(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "value": self.value, "holds": self.holds}


def as_text(lines: Sequence[Line]) -> str:
    """A table with a row a line: value, bound, whether it holds, name and note."""
    rows = []
    for line in lines:
        verdict = "ok" if line.holds else "SHORT"
        verdict = verdict if line.bound else ""
        note = f" ({line.note})" if line.note else ""
        value = f"{line.value:.3g}" if line.value < 1000 else f"{line.value:.0f}"
        rows.append(f"{value:>8} {line.unit:<8} {line.bound:<14} {verdict:<6} {line.name}{note}")
    return "\n".join(rows)
