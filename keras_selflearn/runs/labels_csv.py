"""labels.csv: the label of every training image, given or predicted, and how far to trust it."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from keras_selflearn.console.errors import InputError
from keras_selflearn.runs.image_labels import ImageLabels
from keras_selflearn.selflearning.examples import UNLABELLED
from keras_selflearn.storage.csv_files import opened_csv, unshielded, write_csv

LABELS_CSV = "labels.csv"
GIVEN, PREDICTED = "given", "predicted"
_COLUMNS = "label source probability doubt instead meta_iteration nearest unlike_training".split()
_DECIMALS = 4


def write_labels(
    path: Path, found: ImageLabels, class_names: Sequence[str], paths: Sequence[str] | None
) -> None:
    """Write the table, in the order of the images.

    Parameters
    ----------
    path : Path
    found : ImageLabels
    class_names : sequence of str
    paths : sequence of n str or None
        Of a user's images; None: images are named by their index.
    """
    names = range(len(found.labels)) if paths is None else paths

    def row(i: int) -> list[Any]:
        label, instead, nearest = found.labels[i], found.instead[i], found.nearest[i]
        source = GIVEN if found.given[i] else PREDICTED
        return [
            names[i],
            *(["", ""] if label == UNLABELLED else [class_names[label], source]),
            _number(found.probability[i]),
            _number(found.doubt[i]),
            "" if instead == UNLABELLED else class_names[instead],
            found.meta_iteration[i] if found.meta_iteration[i] >= 0 else "",
            names[nearest] if nearest >= 0 else "",
            _number(found.unlike[i]),
        ]

    columns = ["index" if paths is None else "path", *_COLUMNS]
    write_csv(path, columns, (row(i) for i in range(len(found.labels))))


def read_labels(
    path: Path, class_names: Sequence[str], paths: Sequence[str] | None, n: int
) -> ImageLabels:
    """Read the table of a run with n training images.

    Raises
    ------
    InputError
        When it is damaged, or is of other images or classes.
    """
    positions = {name: i for i, name in enumerate(class_names)}
    places = {str(name): i for i, name in enumerate(range(n) if paths is None else paths)}
    found = ImageLabels(
        labels=np.full(n, UNLABELLED),
        given=np.zeros(n, bool),
        meta_iteration=np.full(n, UNLABELLED),
        nearest=np.full(n, UNLABELLED),
        doubt=np.full(n, np.nan),
        instead=np.full(n, UNLABELLED),
        probability=np.full(n, np.nan),
        unlike=np.full(n, np.nan),
    )
    try:
        with opened_csv(path) as lines:
            rows = csv.reader(lines, strict=True)
            next(rows, None)
            for i, cells in enumerate(rows):
                name, *rest = map(unshielded, cells)
                label, source, probability, doubt, instead, meta_iteration, nearest, unlike = rest
                if places[name] != i:
                    raise ValueError("its images are in another order")
                found.labels[i] = positions[label] if label else UNLABELLED
                found.given[i] = source == GIVEN
                found.probability[i] = float(probability or "nan")
                found.doubt[i] = float(doubt or "nan")
                found.instead[i] = positions[instead] if instead else UNLABELLED
                found.meta_iteration[i] = int(meta_iteration or UNLABELLED)
                found.nearest[i] = places[nearest] if nearest else UNLABELLED
                found.unlike[i] = float(unlike or "nan")
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror}.") from error
    except (csv.Error, KeyError, IndexError, ValueError) as error:
        raise InputError(f"{path}, line {rows.line_num}, is damaged: {error}.") from error
    return found


def _number(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.{_DECIMALS}f}"
