"""The shares of the classes among all images, as the option `prior` gives them."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

import numpy as np

from keras_selflearn.console.errors import InputError, unknown_name
from keras_selflearn.datasets.class_texts import class_texts
from keras_selflearn.datasets.same_name import same_name
from keras_selflearn.labelling.graph import PRIORS
from keras_selflearn.storage.csv_files import unshielded
from keras_selflearn.storage.tables import is_utf8, opened_table


def check_prior(prior: str | os.PathLike) -> None:
    """Raise an `InputError` for a prior that is no known name and no file of shares.

    It does not check the classes, because only the data tell them.
    """
    if prior in PRIORS:
        return
    path = Path(prior).expanduser()
    if not path.is_file():
        if path.suffix or path.parent != Path("."):
            raise InputError(f"There is no file {path} with the shares of the classes (--prior).")
        raise unknown_name("prior", str(prior), [*PRIORS, "FILE.csv"])
    _read(path)


def prior_of(prior: str | os.PathLike, classes: np.ndarray) -> Any:
    """Return the name of a prior as it is, and the shares (n_classes,) that a file gives.

    The file is a table of class and share, without a header; see `opened_table`. Shares may be
    counts.

    Raises
    ------
    InputError
        When the file can't be read, or does not give each class one share.
    """
    if prior in PRIORS:
        return prior
    path = Path(prior).expanduser()
    shares = _read(path)
    names = [same_name(text) for text in class_texts(classes)]
    for name in names:
        if name not in shares:
            raise InputError(f"{path} gives no share for the class '{name}': add a line.")
    for name in sorted({*shares} - {*names}):
        raise _unreadable(path, f"no image is labelled '{name}'")
    values = np.array([shares[name] for name in names])
    return values / values.sum()


def _read(path: Path) -> dict[str, float]:
    """Give the share of each name in the file: at least 0, and not all 0."""
    shares: dict[str, float] = {}
    try:
        with opened_table(path) as table:
            for row in table.rows:
                if not any(cell.strip() for cell in row):
                    continue
                name = same_name(unshielded(row[0]))
                if len(row) != 2 or name in shares:
                    raise ValueError(f"line {table.line} is no pair of a new class and its share")
                if not (table.has_utf8_mark or is_utf8(name)):
                    raise ValueError(f"line {table.line} is not UTF-8")
                # Where commas are in decimals, semicolons are between cells.
                is_comma = table.separator == ";"
                try:
                    share = float(row[1].replace(",", ".") if is_comma else row[1])
                except ValueError as error:
                    raise ValueError(f"line {table.line}: {error}") from error
                if not 0 <= share < math.inf:
                    raise ValueError(
                        f"line {table.line} has a share that is negative, infinite or not a number"
                    )
                shares[name] = share
    except InputError:
        raise
    except (OSError, ValueError) as error:
        raise _unreadable(path, str(error)) from error
    if not 0 < sum(shares.values()) < math.inf:
        raise _unreadable(path, "it has no share, or all are 0, or they are too large")
    return shares


def _unreadable(path: Path, why: str) -> InputError:
    return InputError(f"The shares of the classes in {path} can't be read: {why}.")
