"""CSV files in UTF-8, for Excel, too. They may hold file names that are not UTF-8."""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from keras_selflearn.storage.files import written_whole
from keras_selflearn.storage.lines import opened_lines

# Of a file of damaged images.
SKIPPED_COLUMNS = ("path", "reason")
# What spreadsheets take for the beginning of a formula, Japanese ones also in full width.
_FORMULA = "[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"
_TO_SHIELD = re.compile(f"'*{_FORMULA}")
_SHIELDED = re.compile(f"'+{_FORMULA}")
_NUMBER = re.compile(r"-[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?", re.IGNORECASE | re.ASCII)


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
    encoding. `utf-8-sig` reads files with and without it. See `shielded` for the cells.
    """
    file.write(codecs.BOM_UTF8)
    text = io.TextIOWrapper(file, encoding="utf-8", errors="surrogateescape", newline="")
    writer = csv.writer(_LineFeeds(text), lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows(map(shielded, row) for row in rows)
    text.flush()
    text.detach()


@contextlib.contextmanager
def opened_csv(path: Path) -> Iterator[Iterator[str]]:
    """Open a CSV file of ours; give its lines, as `opened_lines`.

    Bytes that are not UTF-8 stay as `os.fsdecode` gives them.
    """
    with opened_lines(path, "utf-8-sig", "surrogateescape") as lines:
        yield lines


def shielded(cell: Any) -> Any:
    """Put an apostrophe before a text that a spreadsheet would run as a formula.

    One that seems to have such an apostrophe already gets another, so `unshielded` finds each
    text again. Numbers stay as they are.
    """
    if isinstance(cell, str) and _TO_SHIELD.match(cell) and not _NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell


def unshielded(cell: str) -> str:
    """Give the text that `shielded` made this from."""
    return cell[1:] if _SHIELDED.match(cell) else cell


class _LineFeeds:
    """Ends rows by a line feed; csv quotes carriage returns only where a row ends with one."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, row: str) -> int:
        return self._file.write(row.removesuffix("\r\n") + "\n")
