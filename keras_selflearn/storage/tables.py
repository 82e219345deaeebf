"""Read a table as spreadsheets save it: CSV with one of several separators and encodings."""

from __future__ import annotations

import codecs
import contextlib
import csv
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keras_selflearn.console.errors import InputError
from keras_selflearn.storage.lines import LongLineError, check_file, opened_lines

# Commas last, because they may be in decimals where semicolons are between cells.
_SEPARATORS = "\t;,"
# Excel reads a first line of it, and some programs write one.
_SAYS_SEPARATOR = "sep="
# UTF-32 first, because its mark begins as that of UTF-16.
_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


@dataclass
class Table:
    """An open table.

    Attributes
    ----------
    rows : iterator of list of str
        Below the names of the columns, if there are any. Bytes that are not UTF-8 are as
        `os.fsdecode` gives them.
    places : list of int
        Where the columns are that were asked for, and then the optional ones that are there.
    separator : str
    has_utf8_mark : bool
        Whether the file says that it is UTF-8.
    """

    rows: Any
    places: list[int]
    separator: str
    has_utf8_mark: bool
    _lines_before: int

    @property
    def line(self) -> int:
        """The number of the line that was read last, from 1."""
        return self.rows.line_num + self._lines_before


@contextlib.contextmanager
def opened_table(
    path: Path, columns: Sequence[str] = (), optional: Sequence[str] = ()
) -> Iterator[Table]:
    """Open a table whose cells are separated by commas, semicolons or tabs.

    It is in UTF-8, or in the encoding that its first bytes say.

    Parameters
    ----------
    path : Path
    columns : sequence of str
        Names of columns in its first line, in any case. Without them that line is a row.
    optional : sequence of str
        Names of columns that may be missing.

    Raises
    ------
    InputError
        When it can't be read, is no such table, or lacks a column; also in the block.
    """
    table = None
    try:
        check_file(path)
        encoding, has_utf8_mark = _encoding(path)
        errors = "surrogateescape" if encoding == "utf-8-sig" else "strict"
        with opened_lines(path, encoding, errors) as lines:
            first, lines_before = next(lines, ""), 0
            separators = _SEPARATORS
            if first.lower().startswith(_SAYS_SEPARATOR) and len(first.strip("\r\n")) == 5:
                separators, first, lines_before = first[4], next(lines, ""), 1
            separator = _separator(first, separators, columns)
            reader = csv.reader(itertools.chain([first], lines), delimiter=separator, strict=True)
            table = Table(reader, [], separator, has_utf8_mark, lines_before)
            if columns:
                names = _names(next(reader, []))
                if not {*columns} <= {*names}:
                    raise InputError(
                        f"{path} must be a table with the columns {' and '.join(columns)},"
                        " separated by commas, in UTF-8: its first line has"
                        f" {(', '.join(names) or 'nothing')[:80]!r}."
                    )
                there = [each for each in optional if each in names]
                table.places = [names.index(column) for column in (*columns, *there)]
            yield table
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror}.") from error
    except UnicodeError as error:
        raise InputError(f"{path} can't be read: {error}; save it as CSV in UTF-8.") from error
    except (csv.Error, LongLineError) as error:
        line = table.line if table else 1
        raise InputError(f"{path}, line {line}, is no CSV: {error}.") from error


def is_utf8(text: str) -> bool:
    """Whether a cell has no byte that is not UTF-8."""
    return not any("\udc80" <= character <= "\udcff" for character in text)


def _encoding(path: Path) -> tuple[str, bool]:
    with path.open("rb") as file:
        start = file.read(4)
    for mark, encoding in _MARKS.items():
        if start.startswith(mark):
            return encoding, False
    return "utf-8-sig", start.startswith(codecs.BOM_UTF8)


def _separator(line: str, separators: str, columns: Sequence[str]) -> str:
    """The first separator that makes the columns, or two cells, of a line."""
    for separator in separators:
        with contextlib.suppress(csv.Error):
            cells = next(csv.reader([line], delimiter=separator), [])
            if {*columns} <= {*_names(cells)} if columns else len(cells) > 1:
                return separator
    return separators[-1]


def _names(cells: Sequence[str]) -> list[str]:
    return [cell.strip().lower() for cell in cells]
