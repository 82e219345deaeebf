"""corrections.csv: what somebody said of the images of a run, for `--corrections` of the next."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from keras_selflearn.datasets.label_csv import read_corrections
from keras_selflearn.storage.csv_files import unshielded, write_csv
from keras_selflearn.storage.tables import opened_table

CORRECTIONS_CSV = "corrections.csv"
COLUMNS = ("path", "label", "previous", "action", "time")
# The label is right; it is another; the image is of none of the classes; its class is not known.
ACCEPT, CORRECT, NONE, UNLABEL = "accept", "correct", "none", "unlabel"
_NEEDED = COLUMNS[:2]


@dataclass(frozen=True)
class Correction:
    """What somebody said of an image.

    Attributes
    ----------
    label : str
        Empty for `NONE` and `UNLABEL`.
    previous : str
        The label before, given or predicted; empty without one.
    action : str
        `ACCEPT`, `CORRECT`, `NONE` or `UNLABEL`.
    time : str
        In UTC, as ISO 8601 writes it; empty where nobody noted it.
    """

    label: str
    previous: str
    action: str
    time: str = ""


def now() -> str:
    """The time as corrections.csv has it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def corrected(label: str, previous: str, action: str, when: str) -> Correction:
    """Make a correction; a label that is the previous one is accepted."""
    if action in (NONE, UNLABEL):
        return Correction("", previous, action, when)
    return Correction(label, previous, ACCEPT if label == previous else CORRECT, when)


def write_corrections(path: Path, said: Mapping[str, Correction]) -> None:
    """Write the whole file, in the order of the paths; an `InputError` as `written_whole`."""
    rows = (
        [image, each.label, each.previous, each.action, each.time]
        for image, each in sorted(said.items())
    )
    write_csv(path, COLUMNS, rows)


def is_of_review(path: Path) -> bool:
    """Whether a table has the columns of a review; an `InputError` when it is no such table."""
    with opened_table(path, _NEEDED, COLUMNS[2:]) as table:
        return len(table.places) == len(COLUMNS)


def read_said(
    path: Path, folder: Path, images: Collection[str], previous: Mapping[str, str]
) -> dict[str, Correction]:
    """Read corrections that a review or somebody else wrote.

    Parameters
    ----------
    path : Path
    folder : Path
        The images.
    images : collection of str
        The paths of all images below it. A table that no review wrote names no other.
    previous : dict
        The labels of the run by path.

    Returns
    -------
    dict
        By path. Images of none of the classes are there, too, which a run leaves out.

    Raises
    ------
    InputError
        When it is no table of corrections.
    """
    if not is_of_review(path):
        found = read_corrections(path, folder, [*images])
        labels = {image: label or "" for image, label in found.labels.items()}
        said = {
            image: corrected(label, previous.get(image, ""), CORRECT if label else UNLABEL, "")
            for image, label in labels.items()
        }
        rejected = {
            image: corrected("", previous.get(image, ""), NONE, "") for image in found.rejected
        }
        return said | rejected
    said = {}
    with opened_table(path, COLUMNS) as table:
        for row in table.rows:
            if not any(row):
                continue
            cells = [row[place] if place < len(row) else "" for place in table.places]
            image, label, before, action, when = map(unshielded, cells)
            action = action.strip().lower()
            if action != NONE:
                action = CORRECT if label.strip() else UNLABEL
            said[image] = corrected(label.strip(), before, action, when)
    return said
