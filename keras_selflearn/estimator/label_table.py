"""The labels of any number of images, sorted on the disk."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

# Columns by which each order goes. They are the table's key, so that it is in order at all times.
_KEYS = {
    "path": "path",
    "confidence": "confidence, path",
    "label": "class, confidence, path",
}
ORDERS = tuple(_KEYS)
_Row = tuple[str, int, float, "int | None"]


class LabelTable:
    """A database that is nobody else's, of labelled and of skipped images.

    Parameters
    ----------
    path : Path
        Of a file that is not there yet and is of no use any more after `close`.
    order : str
        Of `rows`: `path`; `confidence`, the least sure first; or `label`, in the order of the
        classes and in each of them the least sure first.

    Raises
    ------
    sqlite3.Error
        From every method, when the disk is full or can't be written.
    """

    def __init__(self, path: Path, order: str):
        # Not every network file system has locks.
        self._connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?nolock=1", uri=True, isolation_level=None
        )
        for line in (
            "PRAGMA journal_mode = OFF",
            "PRAGMA synchronous = OFF",
            # Bytes: not every path is text. Their order is that of the characters.
            "CREATE TABLE labelled (path BLOB, class INTEGER, confidence REAL, nearest INTEGER,"
            f" PRIMARY KEY ({_KEYS[order]})) WITHOUT ROWID",
            "CREATE TABLE skipped (path BLOB PRIMARY KEY, reason BLOB) WITHOUT ROWID",
            "BEGIN",
        ):
            self._connection.execute(line)
        self.n_labelled = 0
        self.n_skipped = 0

    def add(self, path: str, label: int, confidence: float, nearest: int | None) -> None:
        """Keep an image's label, as the position of its class."""
        values = (_bytes(path), label, confidence, nearest)
        self._connection.execute("INSERT OR REPLACE INTO labelled VALUES (?, ?, ?, ?)", values)
        self.n_labelled += 1

    def skip(self, path: str, reason: str) -> None:
        """Keep why an image has no label."""
        values = (_bytes(path), _bytes(reason))
        self._connection.execute("INSERT OR REPLACE INTO skipped VALUES (?, ?)", values)
        self.n_skipped += 1

    def rows(self) -> Iterator[_Row]:
        """What `add` was given, in order."""
        columns = "path, class, confidence, nearest"
        for path, *rest in self._connection.execute(f"SELECT {columns} FROM labelled"):
            yield (_text(path), *rest)

    def skipped(self) -> Iterator[tuple[str, str]]:
        """What `skip` was given, by path."""
        for path, reason in self._connection.execute("SELECT path, reason FROM skipped"):
            yield _text(path), _text(reason)

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _text(content: bytes) -> str:
    return content.decode("utf-8", "surrogateescape")
