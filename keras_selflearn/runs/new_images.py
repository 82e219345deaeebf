"""Label images that a classifier has never seen, and write what it says to files."""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
from collections.abc import Generator, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

import numpy as np

from keras_selflearn.console.errors import InputError
from keras_selflearn.console.log import printable
from keras_selflearn.console.option import Options, check_required, option
from keras_selflearn.console.quiet import import_tensorflow_quietly
from keras_selflearn.console.screen import standard_error
from keras_selflearn.console.signals import check_for_stop, deferred, forget_stop
from keras_selflearn.datasets.address import Place
from keras_selflearn.datasets.class_folders import class_folders, copy_picture
from keras_selflearn.datasets.sources.find import (
    Source,
    find_source,
    folder_of_this_machine,
)
from keras_selflearn.estimator.label_table import ORDERS, LabelTable
from keras_selflearn.runs.publishing import LABELS, SKIPPED, finish_left_over, publish
from keras_selflearn.storage.csv_files import SKIPPED_COLUMNS, write_rows
from keras_selflearn.storage.files import flush_folder, is_in, make_writable, written_whole
from keras_selflearn.storage.names import with_end
from keras_selflearn.storage.unfinished import unfinished_folder

if TYPE_CHECKING:
    from keras_selflearn.estimator.classifier import SelfLearningClassifier
    from keras_selflearn.estimator.label_folder import Labelled
    from keras_selflearn.labelling.calibration import Calibration

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class PredictConfig(Options):
    """Which images are labelled by what, and where the labels go."""

    run: str = option("", "Folder of a finished run, or of a saved classifier.", required=True)
    images: str = option(
        "",
        "One image, a folder of images at any depth, shards or an address; only read.",
        required=True,
    )
    output: str = option("", "New CSV file to write.", required=True)
    sort: str = option(
        "path",
        "Order of the rows: path, confidence or label; the least sure come first.",
        choices=ORDERS,
    )
    copy_to: str | None = option(
        None,
        "New folder to copy the images to, with one folder for each class.",
        without="no copies",
    )


@dataclass(frozen=True)
class Places:
    """What is read and written.

    `folder` holds the images; `only` is the name of a single one. Or they are in a `source`.
    """

    run: Path
    folder: Place
    only: str | None
    output: Path
    skipped: Path
    copies: Path | None
    source: Source | None = None

    def paths(self, *, warn: bool = False) -> Iterator[str]:
        """The paths of the images below `folder`. With `warn`, a warning says what is left out."""
        from keras_selflearn.datasets.listing import find_images

        return iter([self.only]) if self.only else find_images(Path(self.folder), warn=warn)

    def number(self) -> int | None:
        """How many images there are, None where only reading them all would tell.

        A warning says what is left out.
        """
        if self.source is None:
            return sum(1 for _ in self.paths(warn=True))
        return None

    def label(
        self, classifier: SelfLearningClassifier, on_damaged: Callable[[str, str], None]
    ) -> Generator[Labelled, None, None]:
        """Label the images one by one."""
        from keras_selflearn.estimator.label_folder import label_files, label_source

        if self.source is not None:
            return label_source(classifier, self.source, on_damaged=on_damaged)
        return label_files(classifier, Path(self.folder), self.paths(), on_damaged=on_damaged)


def check_places(config: PredictConfig) -> Places:
    """The places that `config` names; `InputError` unless they can be used."""
    check_required(config)
    output, skipped, copies = _targets(config)
    source = find_source(config.images)
    images = folder_of_this_machine(config.images)
    if source is not None and copies:
        raise InputError(
            f"--copy_to copies images of a folder of this machine, and {config.images} is none:"
            " leave it out."
        )
    if source is None and images is not None and not images.exists():
        raise InputError(f"There are no images {images}: give a folder, or one image.")
    folder: Place = source.address if source else Path(config.images).expanduser()
    only = None
    if isinstance(folder, Path) and not folder.is_dir():
        folder, only = folder.parent, folder.name
    _check_new(output)
    _check_new(skipped)
    if copies and os.path.lexists(copies) and not _is_empty_folder(copies):
        raise InputError(f"{copies} is there already: choose another name with --copy_to.")
    if copies and is_in(output, copies):
        raise InputError(f"The output {output} is in {copies}, which must stay empty: move it out.")
    for path in (output, copies):
        if not only and images and path and is_in(path, images):
            raise InputError(f"{path} is in the folder of images, {images}, which is only read.")
    make_writable(output.parent, "output")
    run = Path(config.run).expanduser()
    return Places(run, folder, only, output, skipped, copies, source)


def _targets(config: PredictConfig) -> tuple[Path, Path, Path | None]:
    """The labels, the list of files that have none, and the copies."""
    output = Path(config.output).expanduser()
    copies = Path(config.copy_to).expanduser() if config.copy_to else None
    return output, skipped_file(output), copies


def skipped_file(output: Path) -> Path:
    """The list of the images that have no label, beside the labels."""
    return output.parent / with_end(output.stem, "-skipped.csv")


def predict(config: PredictConfig) -> tuple[int, int]:
    """Label the images and write the files.

    All files get their names together, at the end. Until then they lie beside their places under
    other names. If a command is killed between two names, the same command finishes that.

    Returns
    -------
    labelled, skipped : int
        Numbers of images.

    Raises
    ------
    InputError
        For whatever in `config` can't be used; when there are no images, or none is whole.
    """
    check_required(config)
    command = asdict(config)
    finished = finish_left_over(*_targets(config), command)
    if finished is not None:
        return finished[0], finished[1]
    places = check_places(config)
    import_tensorflow_quietly()
    from keras_selflearn.estimator.classifier import SelfLearningClassifier
    from keras_selflearn.runs.finished_run import classifier_folder

    folder = classifier_folder(places.run)
    number = places.number()
    if number == 0:
        raise InputError(f"There are no images in {places.folder}.")
    classifier = SelfLearningClassifier.load(folder)
    nearest = _names_of_nearest(classifier, places.run)
    try:
        with contextlib.ExitStack() as stack:
            stack.enter_context(deferred())
            beside = stack.enter_context(unfinished_folder(places.output))
            table = LabelTable(beside / "labels.sqlite", config.sort)
            stack.callback(table.close)
            copies = None
            if places.copies:
                places.copies.parent.mkdir(parents=True, exist_ok=True)
                copies = stack.enter_context(unfinished_folder(places.copies))
            _fill(table, classifier, places, number, copies)
            if not table.n_labelled:
                path, reason = next(table.skipped(), ("", ""))
                if not path:
                    raise InputError(f"There are no images in {places.folder}.")
                raise InputError(
                    f"None of the images in {places.folder} is whole. One is {path}: {reason}."
                )
            moves = _write(table, classifier, places, beside, nearest)
            if places.copies and copies:
                flush_folder(copies, many=True)
                moves.append((copies, places.copies))
            check_for_stop()
            publish(beside, moves, command, (table.n_labelled, table.n_skipped))
            forget_stop()
            return table.n_labelled, table.n_skipped
    except (OSError, sqlite3.Error) as error:
        raise InputError(f"Labels can't be kept beside {places.output}: {error}.") from error


def _names_of_nearest(classifier: SelfLearningClassifier, run: Path) -> dict[int, str] | None:
    """Name each labelled image that labels come from; None if they come from no image."""
    from keras_selflearn.runs.finished_run import image_paths
    from keras_selflearn.runs.folder import IMAGES_CSV

    if not len(classifier.reference_):
        return None
    if (run / IMAGES_CSV).exists():
        return image_paths(run / IMAGES_CSV, classifier.reference_)
    return {index: str(index) for index in classifier.reference_.tolist()}


def _fill(
    table: LabelTable,
    classifier: SelfLearningClassifier,
    places: Places,
    number: int | None,
    copies: Path | None,
) -> None:
    """Label and copy image by image."""
    from tqdm import tqdm

    from keras_selflearn.datasets.class_texts import class_texts

    classes = {label: position for position, label in enumerate(classifier.classes_.tolist())}
    folders = class_folders(class_texts(classifier.classes_))
    screen = standard_error()
    if not screen.isatty():
        images = "the images" if number is None else f"{number:,} images"
        _LOG.info("Labelling %s of %s", images, printable(places.folder))
    with tqdm(
        total=number, desc="labelling", unit=" images", leave=False, disable=None, file=screen
    ) as bar:

        def skip(path: str, reason: str) -> None:
            table.skip(path, reason)
            bar.update(1)

        with contextlib.closing(places.label(classifier, skip)) as labelled:
            for each in labelled:
                check_for_stop()
                position = classes[each.label]
                if copies:
                    try:
                        copy_picture(
                            Path(places.folder, each.path), copies / folders[position], each.path
                        )
                    except ValueError as error:
                        skip(each.path, str(error))
                        continue
                table.add(each.path, position, each.confidence, each.nearest)
                bar.update(1)


def _write(
    table: LabelTable,
    classifier: SelfLearningClassifier,
    places: Places,
    beside: Path,
    nearest: dict[int, str] | None,
) -> list[tuple[Path, Path]]:
    """Write the tables under other names; give these names and the right ones."""
    from keras_selflearn.datasets.class_texts import class_texts

    class_names = class_texts(classifier.classes_)

    names = nearest if table.has_nearest() else None
    calibration = classifier.calibration_

    def rows() -> Iterator[list[Any]]:
        for path, position, confidence, index in table.rows():
            name = [] if names is None else ["" if index is None else names[index]]
            right = [] if calibration is None else [_rounded(calibration, confidence)]
            yield [path, class_names[position], confidence, *right, *name]

    columns = ["path", "label", "confidence"]
    columns += [] if calibration is None else ["probability"]
    columns += [] if names is None else ["nearest"]
    moves = [(beside / LABELS, places.output)]
    with written_whole(beside / LABELS) as file:
        write_rows(file, columns, rows())
    if table.n_skipped:
        moves.append((beside / SKIPPED, places.skipped))
        with written_whole(beside / SKIPPED) as file:
            write_rows(file, SKIPPED_COLUMNS, table.skipped())
    return moves


def _rounded(calibration: Calibration, confidence: float) -> str:
    return f"{float(calibration.probabilities(np.array(confidence))):.4f}"


def _check_new(output: Path) -> None:
    if os.path.lexists(output):
        raise InputError(f"{output} is there already: choose another name with --output.")


def _is_empty_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink() and not any(path.iterdir())
