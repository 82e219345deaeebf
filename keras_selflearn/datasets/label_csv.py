"""Read a user's table of paths and labels."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from keras_selflearn.console.errors import InputError
from keras_selflearn.datasets.address import Place
from keras_selflearn.datasets.image_files.reading import SUFFIXES
from keras_selflearn.datasets.same_name import same_name
from keras_selflearn.selflearning.examples import UNLABELLED
from keras_selflearn.storage.csv_files import unshielded
from keras_selflearn.storage.tables import is_utf8, opened_table

_COLUMNS = ("path", "label")
# A run's labels.csv says so of a label that it predicted. Such a label is no given one.
_SOURCE, _PREDICTED = "source", "predicted"
_ACTION, _NONE_OF_THESE = "action", "none"
# Arrays of labels take as much for each image as the longest label does.
LONGEST_LABEL = 1000
# Empty, and -1 as people and programs write it.
NO_LABEL = ("", str(UNLABELLED), f"{UNLABELLED}.0", "\N{MINUS SIGN}1")


def read_label_csv(path: Path, folder: Place, images: Sequence[str]) -> dict[str, str | None]:
    """Read the labels of images.

    Blanks around a path or a label count as nothing. A path may be written in another Unicode form
    than the file's name, and with backslashes.

    Parameters
    ----------
    path : Path
        A CSV file with the columns `path`, below `folder`, and `label`; see `opened_table`. With a
        column `source`, as a run's labels.csv has it, labels that are `predicted` count as none.
    folder : Path or Address
    images : sequence of str
        The paths of all images below `folder`.

    Returns
    -------
    dict
        By path, as `images` has it. None where the label is empty or -1.

    Raises
    ------
    InputError
        When the table can't be read, is not UTF-8, or names what is not there.
    """
    found = _read(path, folder, images, _SOURCE)
    return {
        image: None if source == _PREDICTED else label for image, (label, source) in found.items()
    }


@dataclass(frozen=True)
class Corrections:
    """What somebody says of images after a look at them.

    Attributes
    ----------
    labels : dict
        The label by path; None: no label.
    rejected : frozenset of str
        The paths of images of none of the classes.
    """

    labels: dict[str, str | None]
    rejected: frozenset[str]


def read_corrections(path: Path, folder: Place, images: Sequence[str]) -> Corrections:
    """Read corrections of the labels of images.

    The table is as for `read_label_csv`. With a column `action`, an image whose action is `none` is
    of none of the classes, whatever its label is. Labels that are `predicted` count, too: somebody
    has looked at them.

    Raises
    ------
    InputError
        As `read_label_csv`.
    """
    found = _read(path, folder, images, _ACTION)
    rejected = frozenset(image for image, (_, action) in found.items() if action == _NONE_OF_THESE)
    labels = {image: label for image, (label, _) in found.items() if image not in rejected}
    return Corrections(labels, rejected)


def _read(
    path: Path, folder: Place, images: Sequence[str], optional: str
) -> dict[str, tuple[str | None, str]]:
    """The label of each image, and its cell of the optional column in small letters."""
    known = {same_name(image): image for image in images} | {image: image for image in images}
    labels: dict[str, tuple[str | None, str]] = {}
    missing: set[str] = set()
    for where, name, label, more in _rows(path, optional):
        spelled = (_below(each, folder, where) for each in _spellings(name))
        image = next((known[form] for form in spelled if form in known), None)
        if image is None:
            _check_utf8(name, where)
            missing.add(_below(name.strip(), folder, where))
        else:
            before, more_before = labels.setdefault(image, (label, more))
            if (_form(before), more_before) != (_form(label), more):
                raise InputError(f"{where}: {image!r} has two labels.")
    if missing:
        raise InputError(
            f"{path} names {len(missing)} images that are not in {folder}, the first"
            f" {min(missing)!r}: give paths below that folder, of files that end in"
            f" {', '.join(SUFFIXES)}."
        )
    return labels


def _rows(path: Path, optional: str) -> Iterator[tuple[str, str, str | None, str]]:
    """Give the place, the path, the label and the optional cell of each row."""
    with opened_table(path, _COLUMNS, (optional,)) as table:
        for row in table.rows:
            where = f"{path}, line {table.line}"
            if not any(cell.strip() for cell in row):
                continue
            cells = [row[place] for place in table.places if place < len(row)]
            if len(cells) < len(_COLUMNS) or not cells[0].strip():
                raise InputError(f"{where}: a path or a label is missing.")
            name, label = cells[0], unshielded(cells[1]).strip()
            if not table.has_utf8_mark:
                _check_utf8(label, where)
            if len(label) > LONGEST_LABEL:
                raise InputError(
                    f"{where}: the label has {len(label):,} characters, and at most"
                    f" {LONGEST_LABEL:,} are allowed."
                )
            if "\0" in label:
                raise InputError(f"{where}: the label holds a NUL character: take it out.")
            more = cells[2].strip().lower() if cells[2:] else ""
            yield where, name, None if label in NO_LABEL else label, more


def _spellings(name: str) -> Iterator[str]:
    """The ways to read a path, the likeliest first."""
    for path in dict.fromkeys((unshielded(name), name)):
        for slashed in dict.fromkeys((path, path.replace("\\", "/"))):
            yield from dict.fromkeys((slashed, slashed.strip(), same_name(slashed)))


def _form(label: str | None) -> str | None:
    return None if label is None else same_name(label)


def _check_utf8(text: str, where: str) -> None:
    if not is_utf8(text):
        raise InputError(f"{where} is not UTF-8: save the table as CSV in UTF-8.")


def _below(name: str, folder: Place, where: str) -> str:
    below = os.path.relpath(os.path.join(folder, name), folder)
    if below.split(os.sep)[0] == os.pardir:
        raise InputError(f"{where}: {name!r} is not in {folder}.")
    return below.replace(os.sep, "/")
