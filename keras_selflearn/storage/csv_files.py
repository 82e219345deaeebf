"""CSV files of names that need not be UTF-8, as those of files need not be."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

from keras_selflearn.storage.files import written_whole

# Of a file of damaged images.
SKIPPED_COLUMNS = ("path", "reason")


def write_csv(path: Path, columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    """Write a CSV file, whole; however many rows there are, no more than one is in memory.

    Raises
    ------
    InputError
        As `written_whole`.
    """
    with written_whole(path) as file:
        write_rows(file, columns, rows)


def write_rows(file: BinaryIO, columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    """Write a header and rows to an open file, in UTF-8; bytes of names stay as they are."""
    text = io.TextIOWrapper(file, encoding="utf-8", errors="surrogateescape", newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    text.flush()
    text.detach()
