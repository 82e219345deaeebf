"""Tables in Markdown, and the mean and deviation that stand in their cells."""

from __future__ import annotations

import statistics
from collections.abc import Sequence


def markdown_table(columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[str]]) -> str:
    """Write a table.

    Parameters
    ----------
    columns : sequence of (title, rule)
        The rule is `---` for text and `---:` for numbers.
    rows : sequence of sequence of str
    """
    lines = [[title for title, _ in columns], [rule for _, rule in columns], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def mean_and_deviation(values: Sequence[float]) -> str:
    """The mean with one decimal, and with it the sample standard deviation of several values."""
    mean = f"{statistics.mean(values):.1f}"
    return mean if len(values) == 1 else f"{mean} ± {statistics.stdev(values):.1f}"
