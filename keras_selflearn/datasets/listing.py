"""List the images of a user's folder and their labels."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from keras_selflearn.console.errors import InputError
from keras_selflearn.console.log import printable
from keras_selflearn.datasets.address import Place
from keras_selflearn.datasets.class_texts import NO_LABELS
from keras_selflearn.datasets.image_files.reading import SUFFIXES
from keras_selflearn.datasets.label_csv import read_corrections, read_label_csv
from keras_selflearn.datasets.left_out import named, warn
from keras_selflearn.datasets.same_name import alike, names_alike, same_name
from keras_selflearn.datasets.walk import Walk
from keras_selflearn.selflearning.examples import UNLABELLED
from keras_selflearn.storage.files import is_in

_LOG = logging.getLogger(__name__)
LABELLED, UNLABELLED_FOLDER, TEST = "labelled", "unlabelled", "test"
_PARTS = {
    LABELLED: ("labelled", "labeled"),
    UNLABELLED_FOLDER: ("unlabelled", "unlabeled"),
    TEST: ("test",),
}


@dataclass(frozen=True)
class Listing:
    """Image files below a folder.

    Attributes
    ----------
    folder : Path or Address
    paths, test_paths : tuple of str
        Below `folder`, with forward slashes, in a fixed order.
    labels, test_labels : (n,) int64
        Positions in `class_names`; of `labels` also `UNLABELLED`.
    class_names : tuple of str
        Sorted.
    """

    folder: Place
    paths: tuple[str, ...]
    labels: np.ndarray
    test_paths: tuple[str, ...]
    test_labels: np.ndarray
    class_names: tuple[str, ...]


def list_folder(
    folder: Path, labels_csv: Path | None = None, corrections: Path | None = None
) -> Listing:
    """Find the images in a user's folder. No image is opened, nothing is changed.

    Without `labels_csv` they are in `labelled/CLASS/`, `unlabelled/` and, if there are any,
    `test/CLASS/`, at any depth below; `labeled` and `unlabeled` are these, too, and all of them in
    any case. With it they are anywhere. A warning counts each file that is no such image.

    Parameters
    ----------
    folder : Path
    labels_csv : Path, optional
        See `read_label_csv`; every image that it does not name is unlabelled.
    corrections : Path, optional
        See `read_corrections`. They are added to the labels. Images of none of the classes are left
        out. The test set stays as it is.

    Raises
    ------
    InputError
        When a folder or file is missing, a class is empty, fewer than two classes are labelled, or
        the CSV names what is not there.
    """
    if not folder.is_dir():
        raise InputError(f"There is no folder of images {folder}.")
    return list_walk(folder, Walk(), labels_csv, corrections)


def list_walk(
    folder: Place, walk: Walk, labels_csv: Path | None = None, corrections: Path | None = None
) -> Listing:
    """As `list_folder`, for a folder that is there, on the system of `walk`."""
    test: list[tuple[str, str]] = []
    if labels_csv is not None:
        pairs = _by_table(folder, labels_csv, walk)
    else:
        pairs, test = _by_folders(folder, walk)
    if corrections is not None:
        pairs = _corrected(folder, corrections, pairs, test, walk)
    walk.left_out.warn(folder)
    return _listing(folder, pairs, test)


def list_labelled(
    place: Place,
    pairs: Sequence[tuple[str, str | None]],
    test: Sequence[tuple[str, str]],
    labels_csv: Path | None = None,
    corrections: Path | None = None,
) -> Listing:
    """As `list_folder`, for images whose paths and labels are known already.

    Parameters
    ----------
    place : Path or Address
    pairs, test : sequence of (path, label)
        Training images, None without a label, and test images. With `labels_csv`, the labels of
        training images do not count, and `test` must be empty.
    labels_csv, corrections : Path, optional
    """
    if labels_csv is not None:
        given = read_label_csv(labels_csv, place, [path for path, _ in pairs])
        pairs = [(path, given.get(path)) for path, _ in pairs]
    if corrections is not None:
        pairs = _corrected(place, corrections, pairs, test, Walk())
    return _listing(place, pairs, test)


def find_images(folder: Path, *, warn: bool = True) -> Iterator[str]:
    """Give the image files below `folder` one by one, and at the end `warn` of what is left out.

    Raises
    ------
    InputError
        When `folder` itself can't be read.
    """
    walk = Walk()
    yield from walk.find(folder)
    if warn:
        walk.left_out.warn(folder)


def _by_table(folder: Place, labels_csv: Path, walk: Walk) -> list[tuple[str, str | None]]:
    paths = walk.images(folder)
    if is_in(labels_csv, folder):
        walk.left_out.is_used(labels_csv.name)
    given = read_label_csv(labels_csv, folder, paths)
    meant = {*_PARTS[LABELLED], *_PARTS[TEST]}
    unnamed = [path for path in paths if path not in given and path.split("/")[0].lower() in meant]
    if unnamed:
        warn(
            f"With --labels_csv the names of folders say nothing: {len(unnamed)} images in"
            f" {LABELLED}/ or {TEST}/ of {folder} that {labels_csv} does not name are unlabelled"
            f" training images ({named(unnamed, len(unnamed))}). Name them in it, take them out, or"
            " leave --labels_csv out."
        )
    return [(path, given.get(path)) for path in paths]


def _corrected(
    folder: Place,
    corrections: Path,
    pairs: Sequence[tuple[str, str | None]],
    test: Sequence[tuple[str, str]],
    walk: Walk,
) -> list[tuple[str, str | None]]:
    """The pairs with the corrections; a message says how many there are of each kind."""
    if is_in(corrections, folder):
        walk.left_out.is_used(corrections.name)
    tested = {path for path, _ in test}
    found = read_corrections(corrections, folder, [*(path for path, _ in pairs), *tested])
    wrong = sorted(tested & ({*found.labels} | found.rejected))
    if wrong:
        raise InputError(
            f"{corrections} corrects {named(wrong, len(wrong))} in {TEST}/ of {folder}, which"
            " measures the accuracy: correct test images in their folder, and take them out of the"
            " table."
        )
    labels = dict(pairs)
    same = sum(
        label is not None and before is not None and same_name(label) == same_name(before)
        for before, label in ((labels[path], label) for path, label in found.labels.items())
    )
    new = sum(labels[path] is None and label is not None for path, label in found.labels.items())
    _LOG.info(
        "%s: new labels %s, confirmed %s, corrected %s, images of none of the classes %s",
        printable(corrections),
        f"{new:,}",
        f"{same:,}",
        f"{len(found.labels) - same - new:,}",
        f"{len(found.rejected):,}",
    )
    labels.update(found.labels)
    return [(path, label) for path, label in labels.items() if path not in found.rejected]


def _by_folders(
    folder: Place, walk: Walk
) -> tuple[list[tuple[str, str | None]], list[tuple[str, str]]]:
    names = walk.folders(folder)
    parts = {part: _spellings(names, part) for part in _PARTS}
    if not parts[LABELLED]:
        raise InputError(
            f"There is no folder {folder / LABELLED}: put the labelled images into"
            f" {LABELLED}/CLASS/ and the others into {UNLABELLED_FOLDER}/, or give --labels_csv."
        )
    pairs: list[tuple[str, str | None]] = []
    for name in parts[LABELLED]:
        if not walk.has_been_in(folder / name):  # One spelling may be a link to the other.
            pairs += _by_class(folder, name, walk)
    test = [pair for name in parts[TEST] for pair in _by_class(folder, name, walk)]
    # Last, so that links to the others make no image one of these, too.
    for name in parts[UNLABELLED_FOLDER]:
        pairs += [(path, None) for path in walk.images(folder / name, name)]
    read = {name for part in parts.values() for name in part}
    _warn_of_other_folders(folder, [name for name in names if name not in read], walk)
    return pairs, test


def _spellings(names: Sequence[str], part: str) -> list[str]:
    """The folders that are called `part` in British or American English, in any case."""
    found = [name for name in names if name.strip().lower() in _PARTS[part]]
    return sorted(found, key=lambda name: (_PARTS[part].index(name.strip().lower()), name))


def _warn_of_other_folders(folder: Place, others: Sequence[str], walk: Walk) -> None:
    read = ", ".join(f"{part}/" for part in _PARTS)
    described = []
    for name in others:
        number = sum(1 for _ in walk.aside().find(folder / name, may_fail=True))
        described.append(f"{name} ({number} image{'s' * (number > 1)})" if number else name)
    if others:
        warn(f"Only {read} in {folder} are read: {named(described, len(others))} left out.")


def _by_class(folder: Place, part: str, walk: Walk) -> list[tuple[str, str]]:
    """Paths and classes. A folder directly below `part` is a class."""
    found: list[tuple[str, str]] = []
    for name in walk.folders(folder / part, part):
        place = folder / part / name
        if walk.has_been_in(place):
            raise InputError(
                f"The class folder {place} leads to images that are read already, by another name:"
                " remove it."
            )
        paths = walk.images(place, f"{part}/{name}", may_fail=True)
        # What can't be read is counted, and a new disk has an empty folder of this name.
        if not paths and walk.has_been_in(place) and name != "lost+found":
            raise InputError(
                f"The class folder {place} holds no image that ends in {', '.join(SUFFIXES)}: fill"
                " or remove it."
            )
        found += [(path, name) for path in paths]
    return found


def _listing(
    folder: Place, pairs: Sequence[tuple[str, str | None]], test: Sequence[tuple[str, str]]
) -> Listing:
    own_forms: dict[str, str] = {}
    for _, label in pairs:
        if label is not None:
            own_forms.setdefault(same_name(label), label.strip())
    classes = sorted(own_forms.values())
    if "" in classes:
        raise InputError(f"A class in {folder} has a name of blanks only: rename it.")
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
        near = [name for name in classes if alike(name) == alike(unknown[0])]
        raise InputError(
            f"{folder / TEST} has a class {unknown[0]!r} that {folder / LABELLED} has not: rename"
            f" it{f' to {near[0]!r}' if near else ''}, or label images of it."
        )
    _warn_of_doubtful_classes(folder, classes)
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


def _warn_of_doubtful_classes(folder: Place, classes: Sequence[str]) -> None:
    for group in names_alike(classes):
        warn(
            f"Classes in {folder} differ only in case or in letters that can't be seen:"
            f" {', '.join(map(repr, group))}. They stay apart; write them alike if they are one."
        )
    doubtful = [name for name in classes if name.lower() in NO_LABELS]
    if doubtful:
        warn(
            f"Classes in {folder} are called {', '.join(map(repr, doubtful))}: leave the cell of an"
            f" unlabelled image empty, or put it into {UNLABELLED_FOLDER}/."
        )
