"""Images that are in a user's folder more than once: a list, warnings, and what they do to it."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from keras_selflearn.console.errors import InputWarning
from keras_selflearn.console.log import printable
from keras_selflearn.console.profiling import stage
from keras_selflearn.datasets import Dataset
from keras_selflearn.datasets.duplicates import Copies, find_copies
from keras_selflearn.datasets.listing import LABELLED, TEST, UNLABELLED_FOLDER
from keras_selflearn.runs.data import HIDDEN, names_with_none
from keras_selflearn.runs.record import Duplicates
from keras_selflearn.storage.csv_files import write_csv

_LOG = logging.getLogger(__name__)
_COLUMNS = "path part first part_of_first same distance label label_of_first labels_differ".split()
IDENTICAL, NEARLY = "identical", "nearly"
_NAMED = 3


@dataclass(frozen=True)
class FolderCopies:
    """The images of a folder and which of them are copies. Labelled images come first, test last.

    Attributes
    ----------
    paths, parts : sequence of n str
        Below the folder; `labelled`, `unlabelled` or `test`.
    labels : sequence of n str
        Given labels; empty for an image without one.
    copies : Copies
    """

    paths: Sequence[str]
    parts: Sequence[str]
    labels: Sequence[str]
    copies: Copies

    @property
    def listed(self) -> list[int]:
        """The positions of the copies."""
        return np.flatnonzero(self.copies.first >= 0).tolist()

    @property
    def in_training(self) -> np.ndarray:
        """Whether each image is a test image that training has, too, or nearly, (n,) bool."""
        first, is_test = self.copies.first, np.array([part == TEST for part in self.parts], bool)
        leaks = is_test & (first >= 0) & ~is_test[first]
        same = is_test & self.copies.is_identical
        return leaks | (same & leaks[first])

    @property
    def differ(self) -> np.ndarray:
        """Whether each copy has another label than what it is a copy of, (n,) bool."""
        found = np.zeros(len(self.paths), bool)
        known: dict[int, str] = {}
        for i, (label, first) in enumerate(zip(self.labels, self.copies.first.tolist())):
            if not label:
                continue
            if self.copies.is_identical[i]:
                found[i] = known.setdefault(first, label) != label
            else:
                known[i] = label
                found[i] = first >= 0 and self.labels[first] not in ("", label)
        return found


def find_duplicates(dataset: Dataset, labels: np.ndarray) -> FolderCopies | None:
    """Look for copies among the images of a folder; None for another data set.

    Parameters
    ----------
    dataset : Dataset
    labels : (n,) str
        The given labels of the training images, or `HIDDEN`.
    """
    if dataset.paths is None or dataset.test_paths is None:
        return None
    is_hidden = labels == HIDDEN
    order = np.concatenate([np.flatnonzero(~is_hidden), np.flatnonzero(is_hidden)]).tolist()
    n, n_labelled = len(order), len(order) - int(is_hidden.sum())

    def image(i: int) -> np.ndarray:
        return dataset.images[order[i]] if i < n else dataset.test_images[i - n]

    number = n + len(dataset.test_images)
    with stage("duplicates", images=number):
        copies = find_copies(image, number)
    return FolderCopies(
        [*(dataset.paths[i] for i in order), *dataset.test_paths],
        [LABELLED] * n_labelled
        + [UNLABELLED_FOLDER] * (n - n_labelled)
        + [TEST] * len(dataset.test_images),
        [
            *("" if is_hidden[i] else str(labels[i]) for i in order),
            *(names_with_none(dataset)[dataset.test_labels].tolist()),
        ],
        copies,
    )


def write_duplicates(path: Path, found: FolderCopies) -> None:
    """Write a table with a row for each copy; no file if there is none."""
    copies, differ = found.copies, found.differ

    def row(i: int) -> list[object]:
        first = int(copies.first[i])
        return [
            found.paths[i],
            found.parts[i],
            found.paths[first],
            found.parts[first],
            IDENTICAL if copies.is_identical[i] else NEARLY,
            int(copies.distance[i]),
            found.labels[i],
            found.labels[first],
            "yes" if differ[i] else "",
        ]

    if found.listed:
        write_csv(path, _COLUMNS, (row(i) for i in found.listed))


def count_duplicates(found: FolderCopies) -> Duplicates:
    """The numbers for the record of a run."""
    return Duplicates(
        identical=int(found.copies.is_identical.sum()),
        nearly=len(found.listed) - int(found.copies.is_identical.sum()),
        labels_differ=int((found.differ & found.copies.is_identical).sum()),
        test_in_training=int(found.in_training.sum()),
    )


def tell_duplicates(found: FolderCopies, path: Path) -> None:
    """Say how many copies there are, and warn of those that spoil labels or a measurement.

    Parameters
    ----------
    found : FolderCopies
    path : Path
        The file that lists them.
    """
    numbers = count_duplicates(found)
    if not found.listed:
        return
    is_test = np.array([part == TEST for part in found.parts], bool)
    _LOG.info(
        "%s the same as another (%s of them in %s/), %s nearly: %s lists them",
        "1 image is" if numbers.identical == 1 else f"{numbers.identical:,} images are",
        f"{int((found.copies.is_identical & is_test).sum()):,}",
        TEST,
        f"{numbers.nearly:,}",
        printable(path),
    )
    if numbers.labels_differ:
        which = np.flatnonzero(found.differ & found.copies.is_identical).tolist()
        _warn(
            f"Identical images have different labels, {numbers.labels_differ} in all:"
            f" {_pairs(found, which)}. Look at them, and correct or remove them; {path} lists them."
        )
    if numbers.test_in_training:
        which = np.flatnonzero(found.in_training).tolist()
        _warn(
            f"Of the {int(is_test.sum())} test images {numbers.test_in_training}"
            f" {'is a training image' if numbers.test_in_training == 1 else 'are training images'},"
            f" too, or nearly: {_pairs(found, which)}. The accuracy without them is measured, too;"
            f" {path} lists them."
        )


def _pairs(found: FolderCopies, which: Sequence[int]) -> str:
    """A few copies and their firsts, with labels where they differ."""
    named = "; ".join(_pair(found, i) for i in which[:_NAMED])
    return named + ("; ..." if len(which) > _NAMED else "")


def _pair(found: FolderCopies, i: int) -> str:
    one, other = (
        f"{found.paths[place]} ({found.labels[place] or 'no label'})"
        for place in (i, int(found.copies.first[i]))
    )
    return f"{one} is {other}"


def _warn(message: str) -> None:
    warnings.warn(printable(message), InputWarning, stacklevel=4)
