"""Read a user's table of paths and labels."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from keras_selflearn.console.errors import InputError
from keras_selflearn.datasets.pictures import SUFFIXES
from keras_selflearn.datasets.same_name import same_name
from keras_selflearn.selflearning.examples import UNLABELLED

_COLUMNS = ("path", "label")


def read_label_csv(path: Path, folder: Path, images: Sequence[str]) -> dict[str, str | None]:
    """Read the labels of images.

    Blanks around a path or a label count as nothing. A path may be written in another Unicode form
    than the file's name.

    Parameters
    ----------
    path : Path
        A CSV file with the columns `path`, below `folder`, and `label`.
    folder : Path
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
    known = {same_name(image): image for image in images} | {image: image for image in images}
    labels: dict[str, str | None] = {}
    missing: set[str] = set()
    for where, name, label in _rows(path):
        below = [_below(each, folder, where) for each in (name, name.strip())]
        forms = (*below, same_name(below[-1]))
        image = next((known[form] for form in forms if form in known), None)
        if image is None:
            _check_utf8(name, where)
            missing.add(below[-1])
        elif labels.setdefault(image, label) != label:
            raise InputError(f"{where}: {image!r} has two labels.")
    if missing:
        raise InputError(
            f"{path} names {len(missing)} images that are not in {folder}, the first"
            f" {min(missing)!r}: give paths below that folder, of files that end in"
            f" {', '.join(SUFFIXES)}."
        )
    return labels


def _rows(path: Path) -> Iterator[tuple[str, str, str | None]]:
    """Give the place, the path and the label of each row."""
    line = 1
    try:
        # Names of files may be any bytes.
        with path.open(newline="", encoding="utf-8-sig", errors="surrogateescape") as file:
            reader = csv.reader(file, strict=True)
            columns = [column.strip() for column in next(reader, [])]
            if not {*_COLUMNS} <= {*columns}:
                found = (", ".join(columns) or "nothing")[:80]
                raise InputError(
                    f"{path} must be a table with the columns {' and '.join(_COLUMNS)}, separated"
                    f" by commas, in UTF-8: its first line has {found!r}."
                )
            places = [columns.index(column) for column in _COLUMNS]
            for row in reader:
                line = reader.line_num
                where = f"{path}, line {line}"
                if not any(cell.strip() for cell in row):
                    continue
                if len(row) <= max(places) or not row[places[0]].strip():
                    raise InputError(f"{where}: a path or a label is missing.")
                name, label = (row[place] for place in places)
                _check_utf8(label, where)
                is_known = label.strip() not in ("", str(UNLABELLED))
                yield where, name, label.strip() if is_known else None
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror}.") from error
    except csv.Error as error:
        raise InputError(f"{path}, line {line + 1}, is no CSV: {error}.") from error


def _check_utf8(text: str, where: str) -> None:
    if any("\udc80" <= character <= "\udcff" for character in text):
        raise InputError(f"{where} is not UTF-8: save the table as CSV in UTF-8.")


def _below(name: str, folder: Path, where: str) -> str:
    below = os.path.relpath(os.path.join(folder, name), folder)
    if below.split(os.sep)[0] == os.pardir:
        raise InputError(f"{where}: {name!r} is not in {folder}.")
    return below.replace(os.sep, "/")
