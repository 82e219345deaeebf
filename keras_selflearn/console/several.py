"""Several values in one text, with commas between them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable


def values_in(text: str) -> list[str]:
    """The values of a text such as `a,b`, at least one.

    A value that has a comma stands in double quotes, as in CSV.
    """
    try:
        found = next(csv.reader([text], skipinitialspace=True), [])
    except csv.Error:  # It has a line break, as no list of values has.
        return [text]
    return [each.strip() for each in found] or [""]


def as_text(values: Iterable[str]) -> str:
    """The text that `values_in` reads as these values."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(values)
    return line.getvalue()
