"""List the images of a user's folder and their labels."""

from __future__ import annotations

import os
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from keras_selflearn.console.errors import InputError, InputWarning
from keras_selflearn.datasets.label_csv import read_label_csv
from keras_selflearn.datasets.pictures import SUFFIXES
from keras_selflearn.datasets.same_name import same_name
from keras_selflearn.selflearning.examples import UNLABELLED

LABELLED, UNLABELLED_FOLDER, TEST = "labelled", "unlabelled", "test"
_AMERICAN = {LABELLED: "labeled", UNLABELLED_FOLDER: "unlabeled"}
_NAMED = 5


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
    """Find the images in a user's folder. No image is opened, nothing is changed.

    Without `labels_csv` they are in `labelled/CLASS/`, `unlabelled/` and, if there are any,
    `test/CLASS/`, at any depth below; `labeled` and `unlabeled` are these, too. With it they are
    anywhere.

    Parameters
    ----------
    folder : Path
    labels_csv : Path, optional
        See `read_label_csv`; every image that it does not name is unlabelled.

    Raises
    ------
    InputError
        When a folder or file is missing, a class is empty, fewer than two classes are labelled, or
        the CSV names what is not there.
    """
    if not folder.is_dir():
        raise InputError(f"There is no folder of images {folder}.")
    walk = _Walk()
    if labels_csv is not None:
        paths = walk.images(folder)
        given = read_label_csv(labels_csv, folder, paths)
        walk.warn(folder)
        return _listing(folder, [(path, given.get(path)) for path in paths], [])
    labelled = _spellings(folder, LABELLED)
    if not labelled:
        raise InputError(
            f"There is no folder {folder / LABELLED}: put the labelled images into"
            f" {LABELLED}/CLASS/ and the others into {UNLABELLED_FOLDER}/, or give --labels_csv."
        )
    pairs: list[tuple[str, str | None]] = []
    for part in labelled:
        pairs += _by_class(folder, part, walk)
    test = _by_class(folder, TEST, walk)
    # Last, so that links to the others make no image one of these, too.
    for part in _spellings(folder, UNLABELLED_FOLDER):
        pairs += [(f"{part}/{path}", None) for path in walk.images(folder / part)]
    walk.warn(folder)
    _warn_of_other_folders(folder)
    return _listing(folder, pairs, test)


def _spellings(folder: Path, part: str) -> list[str]:
    """The folders that are called `part` in British or American English."""
    return [name for name in (part, _AMERICAN[part]) if (folder / name).is_dir()]


def _warn_of_other_folders(folder: Path) -> None:
    read = (LABELLED, UNLABELLED_FOLDER, TEST)
    known = (*read, *_AMERICAN.values())
    others = [path.name for path in folder.iterdir() if path.is_dir() and path.name not in known]
    others = sorted(name for name in others if not name.startswith("."))
    if others:
        _warn(
            f"Only {', '.join(f'{name}/' for name in read)} in {folder} are read:"
            f" {', '.join(others[:_NAMED])}{', ...' if len(others) > _NAMED else ''} left out."
        )


def _warn(message: str) -> None:
    warnings.warn(message, InputWarning, stacklevel=4)


def _by_class(folder: Path, part: str, walk: _Walk) -> list[tuple[str, str]]:
    """Paths and classes. A folder directly below `part` is a class."""
    found: list[tuple[str, str]] = []
    if not (folder / part).is_dir():
        return []
    for entry in sorted((folder / part).iterdir()):
        if not entry.is_dir() or entry.name.startswith("."):
            continue
        paths = walk.images(entry)
        if not paths:
            raise InputError(
                f"The class folder {entry} holds no image that ends in {', '.join(SUFFIXES)}: fill"
                " or remove it."
            )
        found += [(f"{part}/{entry.name}/{path}", entry.name) for path in paths]
    return found


def _listing(
    folder: Path, pairs: Sequence[tuple[str, str | None]], test: Sequence[tuple[str, str]]
) -> Listing:
    own_forms: dict[str, str] = {}
    for _, label in pairs:
        if label is not None:
            own_forms.setdefault(same_name(label), label)
    classes = sorted(own_forms.values())
    if str(UNLABELLED) in classes:
        raise InputError(
            f"A class in {folder} is called {UNLABELLED}, which means unlabelled: rename it."
        )
    if len(classes) < 2:
        raise InputError(
            f"The labelled images in {folder} are of {len(classes) or 'no'} class: label images of"
            " at least two."
        )
    unknown = sorted({label for _, label in test if same_name(label) not in own_forms})
    if unknown:
        raise InputError(
            f"{folder / TEST} has a class {unknown[0]!r} that {folder / LABELLED} has not: rename"
            " it, or label images of it."
        )
    place = {same_name(name): i for i, name in enumerate(classes)}
    return Listing(
        folder,
        tuple(path for path, _ in pairs),
        np.array(
            [UNLABELLED if label is None else place[same_name(label)] for _, label in pairs],
            np.int64,
        ),
        tuple(path for path, _ in test),
        np.array([place[same_name(label)] for _, label in test], np.int64),
        tuple(classes),
    )


def find_images(folder: Path) -> Iterator[str]:
    """Give the image files below `folder` one by one, in the order of the system.

    Hidden ones are left out, links are followed.
    """
    return _Walk().find(folder, PurePosixPath())


class _Walk:
    """A walk through folders. It visits each folder once, even if links lead to it again."""

    def __init__(self) -> None:
        self._been: set[str] = set()
        self._left_out: Counter[str] = Counter()

    def images(self, folder: Path) -> list[str]:
        """List the images below a folder, sorted. A missing folder has none."""
        return sorted(self.find(folder, PurePosixPath())) if folder.is_dir() else []

    def find(self, folder: Path, below: PurePosixPath) -> Iterator[str]:
        real = os.path.realpath(folder)
        if real in self._been:
            return
        self._been.add(real)
        links = []
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.name.startswith("."):
                        continue
                    if entry.is_dir() and entry.is_symlink():
                        links.append(entry.name)
                    elif entry.is_dir():
                        yield from self.find(Path(entry.path), below / entry.name)
                    elif entry.name.lower().endswith(SUFFIXES) and entry.is_file():
                        yield str(below / entry.name)
                    else:
                        self._left_out[Path(entry.name).suffix.lower() or entry.name] += 1
        except OSError as error:
            raise InputError(
                f"The folder {folder} can't be read ({error.strerror}): allow it, or take it out."
            ) from error
        # Last and in order: an image is called by its own place, or always by the same link.
        for name in sorted(links):
            yield from self.find(folder / name, below / name)

    def warn(self, folder: Path) -> None:
        """Warn of the files whose names are not names of images."""
        if self._left_out:
            kinds = [f"{number} {kind}" for kind, number in self._left_out.most_common(_NAMED)]
            _warn(
                f"{sum(self._left_out.values())} files in {folder} are left out, for their names"
                f" do not end in {', '.join(SUFFIXES)}: {', '.join(kinds)}"
                f"{', ...' if len(self._left_out) > _NAMED else ''}."
            )
