"""CSV files in UTF-8, for Excel, too. They may hold file names that are not UTF-8."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

from keras_selflearn.storage.files import written_whole

# Of a file of damaged images.
SKIPPED_COLUMNS = ("path", "reason")


def write_csv(path: Path, columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    """Write a whole CSV file. Only one row is in memory at a time.

    Raises
    ------
    InputError
        As `written_whole`.
    """
    with written_whole(path) as file:
        write_rows(file, columns, rows)


def write_rows(file: BinaryIO, columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    """Write a header and rows to an open file, in UTF-8. Bytes of file names stay as they are.

    The file begins with the UTF-8 mark. Without it Excel takes names beyond ASCII for another
    encoding. `utf-8-sig` reads files with and without it.
    """
    file.write(codecs.BOM_UTF8)
    text = io.TextIOWrapper(file, encoding="utf-8", errors="surrogateescape", newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    text.flush()
    text.detach()
