"""A table of labels, sorted on the disk, for any number of images."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

# The columns that each order sorts by. They are the key of the table, which is always sorted.
_KEYS = {
    "path": "path",
    "confidence": "confidence, path",
    "label": "class, confidence, path",
}
ORDERS = tuple(_KEYS)
_Row = tuple[str, int, float, "int | None"]


class LabelTable:
    """A database of labelled and of skipped images for one process.

    Parameters
    ----------
    path : Path
        A new file. It can't be used after `close`.
    order : str
        The order of `rows`: `path`; `confidence`, the least sure first; or `label`, by class and
        then the least sure first.

    Raises
    ------
    sqlite3.Error
        By every method, when the disk is full or can't be written.
    """

    def __init__(self, path: Path, order: str) -> None:
        # Some network file systems have no locks.
        self._connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?nolock=1", uri=True, isolation_level=None
        )
        for line in (
            "PRAGMA journal_mode = OFF",
            "PRAGMA synchronous = OFF",
            # Bytes, because a path need not be text; their order is the order of the characters.
            "CREATE TABLE labelled (path BLOB, class INTEGER, confidence REAL, nearest INTEGER,"
            f" PRIMARY KEY ({_KEYS[order]})) WITHOUT ROWID",
            "CREATE TABLE skipped (path BLOB PRIMARY KEY, reason BLOB) WITHOUT ROWID",
            "BEGIN",
        ):
            self._connection.execute(line)
        self.n_labelled = 0
        self.n_skipped = 0

    def add(self, path: str, label: int, confidence: float, nearest: int | None) -> None:
        """Keep the label of an image, as the position of its class."""
        values = (_bytes(path), label, confidence, nearest)
        self._connection.execute("INSERT OR REPLACE INTO labelled VALUES (?, ?, ?, ?)", values)
        self.n_labelled += 1

    def skip(self, path: str, reason: str) -> None:
        """Keep the reason why an image has no label."""
        values = (_bytes(path), _bytes(reason))
        self._connection.execute("INSERT OR REPLACE INTO skipped VALUES (?, ?)", values)
        self.n_skipped += 1

    def rows(self) -> Iterator[_Row]:
        """The arguments of each `add`, in order."""
        columns = "path, class, confidence, nearest"
        for path, *rest in self._connection.execute(f"SELECT {columns} FROM labelled"):
            yield (_text(path), *rest)

    def has_nearest(self) -> bool:
        """Tell whether any label came from a nearest image."""
        some = "SELECT EXISTS (SELECT 1 FROM labelled WHERE nearest IS NOT NULL)"
        return bool(self._connection.execute(some).fetchone()[0])

    def skipped(self) -> Iterator[tuple[str, str]]:
        """The arguments of each `skip`, sorted by path."""
        for path, reason in self._connection.execute("SELECT path, reason FROM skipped"):
            yield _text(path), _text(reason)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _text(content: bytes) -> str:
    return content.decode("utf-8", "surrogateescape")
