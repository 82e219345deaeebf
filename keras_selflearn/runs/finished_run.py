"""What a finished run offers for use: its classifier, and the paths of its images."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from keras_selflearn.console.errors import InputError
from keras_selflearn.estimator.saving import SETTINGS
from keras_selflearn.runs.folder import RunFolder
from keras_selflearn.storage.csv_files import opened_csv, unshielded

_COLUMNS = ("index", "path")


def classifier_folder(folder: Path) -> Path:
    """Return the folder of the run's classifier, or `folder` if it is a saved classifier.

    Raises
    ------
    InputError
        When it is neither, or the run is not finished.
    """
    return folder if (folder / SETTINGS).is_file() else finished_run(folder).classifier


def finished_run(folder: Path) -> RunFolder:
    """Return the folder of a finished run.

    Raises
    ------
    InputError
        When there is no run, or it is not finished.
    """
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder}: give a run's, or a saved classifier's.")
    run = RunFolder(folder)
    if not run.has_run():
        raise InputError(
            f"{folder} is neither a run's folder, which has a run.json, nor a saved classifier's,"
            f" which has a {SETTINGS}."
        )
    status = run.status()
    if status != "finished":
        raise InputError(
            f"The run in {folder} is not finished but {status}: start its own command again."
        )
    return run


def image_paths(path: Path, indices: np.ndarray) -> dict[int, str]:
    """Read the paths of the training images at `indices` from images.csv.

    Only these are held in memory.

    Raises
    ------
    InputError
        When the file is missing or damaged, or lacks one of these images.
    """
    wanted = set(indices.tolist())
    paths: dict[int, str] = {}
    try:
        with opened_csv(path) as lines:
            reader = csv.DictReader(lines, strict=True)
            if not set(_COLUMNS) <= set(reader.fieldnames or ()):
                raise InputError(f"{path} must have the columns {' and '.join(_COLUMNS)}.")
            for row in reader:
                index = int(row["index"])
                if index in wanted:
                    if not row["path"]:
                        raise ValueError("the path is missing")
                    paths[index] = unshielded(row["path"])
    except InputError:
        raise
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror}.") from error
    except (csv.Error, TypeError, ValueError) as error:
        raise InputError(f"{path}, line {reader.line_num}, is damaged: {error}.") from error
    missing = wanted - set(paths)
    if missing:
        raise InputError(f"{path} is damaged: image {min(missing)} is missing.")
    return paths
