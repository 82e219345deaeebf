"""Which images a user's folder holds, and which of them are labelled as what."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from keras_selflearn.datasets.pictures import SUFFIXES
from keras_selflearn.errors import InputError
from keras_selflearn.loop import UNLABELLED

LABELLED, UNLABELLED_FOLDER, TEST = "labelled", "unlabelled", "test"
_COLUMNS = ("path", "label")


@dataclass(frozen=True)
class Listing:
    """Image files below a folder.

    Attributes
    ----------
    folder : Path
    paths, test_paths : tuple of str
        Below `folder`, with forward slashes, in a fixed order.
    labels, test_labels : (n,) int64
        Positions in `class_names`; of `labels` also `UNLABELLED`.
    class_names : tuple of str
        Sorted.
    """

    folder: Path
    paths: tuple[str, ...]
    labels: np.ndarray
    test_paths: tuple[str, ...]
    test_labels: np.ndarray
    class_names: tuple[str, ...]


def list_folder(folder: Path, labels_csv: Path | None = None) -> Listing:
    """Find the images in a user's folder; nothing in it is opened or changed.

    Without `labels_csv` they are in `labelled/CLASS/`, `unlabelled/` and, if there are any,
    `test/CLASS/`, at any depth below. With it they are anywhere.

    Parameters
    ----------
    folder : Path
    labels_csv : Path, optional
        A CSV file with the columns `path`, below `folder`, and `label`; every image that it does
        not name is unlabelled.

    Raises
    ------
    InputError
        When a folder or file is missing, a class is empty, fewer than two classes are labelled, or
        the CSV names what is not there.
    """
    if not folder.is_dir():
        raise InputError(f"There is no folder of images {folder}.")
    if labels_csv is not None:
        given = _read_csv(labels_csv, folder)
        pairs = [(path, given.get(path)) for path in _images(folder)]
        missing = sorted(set(given) - {path for path, _ in pairs})
        if missing:
            raise InputError(
                f"{labels_csv} names {len(missing)} images that are not in {folder}, the first"
                f" {missing[0]!r}: give paths below that folder, of files that end in"
                f" {', '.join(SUFFIXES)}."
            )
        return _listing(folder, pairs, [])
    if not (folder / LABELLED).is_dir():
        raise InputError(
            f"There is no folder {folder / LABELLED}: put the labelled images into"
            f" {LABELLED}/CLASS/ and the others into {UNLABELLED_FOLDER}/, or give --labels_csv."
        )
    pairs = _by_class(folder, LABELLED)
    pairs += [(f"{UNLABELLED_FOLDER}/{path}", None) for path in _images(folder / UNLABELLED_FOLDER)]
    return _listing(folder, pairs, _by_class(folder, TEST))


def _by_class(folder: Path, part: str) -> list[tuple[str, str | None]]:
    """Paths and classes; a folder directly below `part` is a class."""
    found = []
    if not (folder / part).is_dir():
        return []
    for entry in sorted((folder / part).iterdir()):
        if not entry.is_dir() or entry.name.startswith("."):
            continue
        paths = _images(entry)
        if not paths:
            raise InputError(f"The class folder {entry} holds no image: fill or remove it.")
        found += [(f"{part}/{entry.name}/{path}", entry.name) for path in paths]
    return found


def _listing(
    folder: Path, pairs: list[tuple[str, str | None]], test: list[tuple[str, str | None]]
) -> Listing:
    classes = sorted({label for _, label in pairs if label is not None})
    if str(UNLABELLED) in classes:
        raise InputError(
            f"A class in {folder} is called {UNLABELLED}, which means unlabelled: rename it."
        )
    if len(classes) < 2:
        raise InputError(
            f"The labelled images in {folder} are of {len(classes)} classes: label images of at"
            " least two."
        )
    unknown = sorted({label for _, label in test} - set(classes))
    if unknown:
        raise InputError(
            f"{folder / TEST} has a class {unknown[0]!r} that {folder / LABELLED} has not."
        )
    place = {name: i for i, name in enumerate(classes)}
    return Listing(
        folder,
        tuple(path for path, _ in pairs),
        np.array([place.get(label, UNLABELLED) for _, label in pairs], np.int64),
        tuple(path for path, _ in test),
        np.array([place[label] for _, label in test], np.int64),
        tuple(classes),
    )


def find_images(folder: Path) -> Iterator[str]:
    """The image files below `folder`, one by one, in the order in which the system lists them.

    Hidden ones are left out, links are followed.
    """
    return _walk(folder, PurePosixPath(), frozenset())


def _images(folder: Path) -> list[str]:
    return sorted(find_images(folder)) if folder.is_dir() else []


def _walk(folder: Path, below: PurePosixPath, above: frozenset[str]) -> Iterator[str]:
    real = os.path.realpath(folder)
    if real in above:  # A link to a folder that it is in.
        return
    for entry in os.scandir(folder):
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _walk(Path(entry.path), below / entry.name, above | {real})
        elif entry.name.lower().endswith(SUFFIXES) and entry.is_file():
            yield str(below / entry.name)


def _read_csv(path: Path, folder: Path) -> dict[str, str]:
    """Label by path below `folder`."""
    try:
        with path.open(newline="", encoding="utf-8-sig", errors="surrogateescape") as file:
            reader = csv.DictReader(file, strict=True)
            if not set(_COLUMNS) <= set(reader.fieldnames or ()):
                raise InputError(f"{path} must have the columns {' and '.join(_COLUMNS)}.")
            labels: dict[str, str] = {}
            for row in reader:
                name, label = (row[column] for column in _COLUMNS)
                where = f"{path}, line {reader.line_num}"
                if not name or not label:
                    raise InputError(f"{where}: a path or a label is missing.")
                name = _below(name, folder, where)
                if labels.setdefault(name, label) != label:
                    raise InputError(f"{where}: {name!r} has two labels.")
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror}.") from error
    except csv.Error as error:
        raise InputError(f"{path}, line {reader.line_num}, is no CSV: {error}.") from error
    return labels


def _below(name: str, folder: Path, where: str) -> str:
    below = os.path.relpath(os.path.join(folder, name), folder)
    if below.split(os.sep)[0] == os.pardir:
        raise InputError(f"{where}: {name!r} is not in {folder}.")
    return below.replace(os.sep, "/")
