"""The shares of the classes among all images, as the option `prior` gives them."""

from __future__ import annotations

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
    """Raise an `InputError` for a prior that is no known name and no file."""
    if prior in PRIORS:
        return
    path = Path(prior).expanduser()
    if not path.is_file():
        if path.suffix or path.parent != Path("."):
            raise InputError(f"There is no file {path} with the shares of the classes (--prior).")
        raise unknown_name("prior", str(prior), [*PRIORS, "FILE.csv"])


def prior_of(prior: str | os.PathLike, classes: np.ndarray) -> Any:
    """Return the name of a prior as it is, and the shares (n_classes,) that a file gives.

    The file is a table of class and share, without a header; see `opened_table`. Shares may be
    counts.

    Raises
    ------
    InputError
        When the file can't be read, or does not give each class one share.
    """
    check_prior(prior)
    if prior in PRIORS:
        return prior
    path = Path(prior).expanduser()
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
                shares[name] = float(row[1].replace(",", ".") if is_comma else row[1])
        values = np.array([shares.pop(same_name(text)) for text in class_texts(classes)])
        if shares:
            raise ValueError(f"no image is labelled '{min(shares)}'")
        if not (np.isfinite(values).all() and (values >= 0).all() and values.sum() > 0):
            raise ValueError("a share is negative, infinite or not a number, or all are 0")
    except InputError:
        raise
    except KeyError as error:
        raise InputError(f"{path} gives no share for the class {error}: add a line.") from error
    except (OSError, ValueError) as error:
        raise InputError(f"The shares of the classes in {path} can't be read: {error}.") from error
    return values / values.sum()
