"""When damaged images stop a run: too many of them, or all that are labelled of a class."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from keras_selflearn.console.errors import InputError
from keras_selflearn.datasets.address import Place
from keras_selflearn.storage.csv_files import SKIPPED_COLUMNS, write_csv

_MOST = 0.1


def write_skipped(path: Path, skipped: Sequence[tuple[str, str]]) -> None:
    """Write a CSV file of the damaged files and why each was left out."""
    write_csv(path, SKIPPED_COLUMNS, skipped)


def check_damaged(
    skipped: Sequence[tuple[str, str]], number: int, place: Place, cache_dir: Path
) -> None:
    """Raise an `InputError` if more than a tenth are damaged. A file in `cache_dir` lists them.

    Parameters
    ----------
    skipped : sequence of (path, reason)
    number : int
        Of all images.
    place : Path or Address
    cache_dir : Path
    """
    if len(skipped) > _MOST * number:
        all_of_them = cache_dir / "skipped.csv"
        write_skipped(all_of_them, skipped)
        first = "; ".join(f"{path}: {reason}" for path, reason in skipped[:5])
        raise InputError(
            f"{len(skipped)} of {number} images in {place} are damaged ({first}"
            f"{', ...' if len(skipped) > 5 else ''}): all are listed in {all_of_them};"
            " mend or remove them."
        )


def check_classes(labels: np.ndarray, class_names: Sequence[str], place: Place) -> None:
    """Raise an `InputError` if no image of a class is left, by the labels (n,) of those left."""
    for number, name in enumerate(class_names):
        if number not in labels:
            raise InputError(
                f"All labelled images of class {name!r} in {place} are damaged: replace"
                " them, or remove the class."
            )
