"""The images of a run as they are reviewed: what labels.csv says of each."""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from pathlib import Path

from keras_selflearn.console.errors import InputError
from keras_selflearn.runs.labels_csv import COLUMNS, GIVEN, LABELS_CSV
from keras_selflearn.runs.similar_images import SIMILAR, read_similar
from keras_selflearn.storage.csv_files import opened_csv, unshielded


@dataclass(frozen=True)
class LabelledImage:
    """An image of a run.

    Attributes
    ----------
    path : str
        Below the folder of images.
    label : str
        Empty without a label.
    given : bool
        Whether the label was given.
    probability, doubt : float or None
        From 0 to 1.
    instead : str
        The likeliest other class; empty without one.
    meta_iteration : int or None
    nearest : tuple of str
        The paths of the nearest labelled images.
    unlike : float or None
        How unlike all images with a given label it is, from 0 to 1.
    """

    path: str
    label: str = ""
    given: bool = False
    probability: float | None = None
    doubt: float | None = None
    instead: str = ""
    meta_iteration: int | None = None
    nearest: tuple[str, ...] = ()
    unlike: float | None = None


def labelled_images(run: Path) -> list[LabelledImage]:
    """Read the images of a run, with as many of the nearest ones as it kept.

    Raises
    ------
    InputError
        As `read_labelled_images`; when similar.npz is damaged.
    """
    images = read_labelled_images(run / LABELS_CSV)
    similar = read_similar(run / SIMILAR, len(images))
    if similar is None:  # A run of an earlier version.
        return images
    # The one that the label came from is first.
    return [
        replace(
            image,
            nearest=(*dict.fromkeys((*image.nearest, *(images[i].path for i in row[row >= 0]))),),
        )
        for image, row in zip(images, similar)
    ]


def read_labelled_images(path: Path) -> list[LabelledImage]:
    """Read a run's labels.csv.

    Raises
    ------
    InputError
        When it is missing or damaged, or the run was not made on a folder of images.
    """
    images: list[LabelledImage] = []
    try:
        with opened_csv(path) as lines:
            rows = csv.reader(lines, strict=True)
            first = next(rows, [])
            if first[:1] == ["index"]:
                raise InputError(
                    f"The run of {path} was not made on a folder of images: review one with"
                    " --dataset=folder."
                )
            if first != ["path", *COLUMNS]:
                raise ValueError("its columns are others")
            images += [_image(list(map(unshielded, cells))) for cells in rows]
    except InputError:
        raise
    except FileNotFoundError as error:
        raise InputError(
            f"There is no {path}: give the folder of a finished run of this version."
        ) from error
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror}.") from error
    except (csv.Error, ValueError) as error:
        raise InputError(f"{path}, line {rows.line_num}, is damaged: {error}.") from error
    return images


def _image(cells: list[str]) -> LabelledImage:
    path, label, source, probability, doubt, instead, meta_iteration, nearest, unlike = cells
    return LabelledImage(
        path,
        label,
        source == GIVEN,
        _number(probability),
        _number(doubt),
        instead,
        int(meta_iteration) if meta_iteration else None,
        (nearest,) if nearest else (),
        _number(unlike),
    )


def _number(cell: str) -> float | None:
    return float(cell) if cell else None
