"""Count the files that are left out of a folder of images, and say why."""

from __future__ import annotations

import errno
import warnings
from collections import Counter
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any

from keras_selflearn.console.errors import InputWarning
from keras_selflearn.datasets.address import Place
from keras_selflearn.datasets.image_files.reading import SUFFIXES

# What is left out, and why.
HIDDEN = "files or folders", "they are hidden (their names begin with a dot)"
ASTRAY = "images", "they lie beside the folders of images and not in one"
BROKEN = "links", "they lead nowhere"
SPECIAL = "entries", "they are pipes, sockets or devices"
DAMAGED = "shards", "they are damaged, and so is what comes after the damage"
_UNREADABLE = "entries", "they can't be read"

_NAMED = 5
# Of a folder with millions of names, so many ends are told apart.
_MOST_KINDS, _OTHERS = 1000, "others"


class LeftOut:
    """What is left out, by the reason. It keeps numbers and a few names, not all of them."""

    def __init__(self) -> None:
        self._ends: Counter[str] = Counter()
        self._numbers: Counter[tuple[str, str]] = Counter()
        self._examples: dict[tuple[str, str], list[str]] = {}

    def other_name(self, name: str) -> None:
        """Count a file whose name is not that of an image."""
        end = _end(name)
        self._ends[end if end in self._ends or len(self._ends) < _MOST_KINDS else _OTHERS] += 1

    def is_used(self, name: str) -> None:
        """Take back a file that was counted by its name."""
        end = _end(name)
        self._ends[end if end in self._ends else _OTHERS] -= 1
        self._ends += Counter()  # Without zeros.

    def unreadable(self, path: str, error: OSError) -> None:
        """Count a folder or link that can't be read."""
        if error.errno == errno.ELOOP:
            self.add(BROKEN, path)
        else:
            self.add(_UNREADABLE, path, f" ({error.strerror})")

    def add(self, reason: tuple[str, str], path: str, more: str = "") -> None:
        """Count what is left out for one of the reasons above."""
        self._numbers[reason] += 1
        examples = self._examples.setdefault(reason, [])
        if len(examples) < _NAMED:
            examples.append((path if len(path) <= 200 else f"{path[:99]}...{path[-98:]}") + more)

    def state(self) -> dict[str, Any]:
        """Give all of it as JSON can hold it."""
        return {
            "ends": dict(self._ends),
            "reasons": [
                [*reason, number, self._examples[reason]]
                for reason, number in self._numbers.items()
            ],
        }

    def include(self, state: dict[str, Any]) -> None:
        """Count what another has counted, by its `state`."""
        self._ends.update(state["ends"])
        for what, why, number, examples in state["reasons"]:
            self._numbers[what, why] += number
            known = self._examples.setdefault((what, why), [])
            known += examples[: _NAMED - len(known)]

    def warn(self, folder: Place) -> None:
        """Give one warning for each reason."""
        if self._ends:
            kinds = [f"{number} {kind}" for kind, number in self._ends.most_common(_NAMED)]
            warn(
                f"{sum(self._ends.values())} files in {folder} are left out, for their names"
                f" do not end in {', '.join(SUFFIXES)}: {named(kinds, len(self._ends))}."
            )
        for (what, why), number in self._numbers.items():
            examples = named(sorted(self._examples[what, why]), number)
            warn(f"{number} {what} in {folder} are left out, for {why}: {examples}.")


def damaged(number: int) -> str:
    """Say how many damaged files are left out."""
    return f"{number:,} damaged file{' is' if number == 1 else 's are'} left out"


def named(names: Iterable[str], number: int) -> str:
    """A few of so many names, with dots where there are more."""
    few = [*names][:_NAMED]
    return ", ".join(few) + (", ..." if number > len(few) else "")


def _end(name: str) -> str:
    return PurePosixPath(name).suffix.lower() or name


def warn(message: str) -> None:
    """Warn of a folder that can be used, but perhaps not as its user wants."""
    warnings.warn(message, InputWarning, stacklevel=5)
