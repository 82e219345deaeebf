"""A run under review: its images, its classes, and what somebody has said of them so far.

No `from __future__ import annotations` here: msgspec reads the types, on Python 3.9, too.
"""

import contextlib
import os
import shlex
import threading
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal, Optional

from msgspec import Meta, Struct

from keras_selflearn.console.errors import InputError, InputWarning
from keras_selflearn.datasets.listing import find_images
from keras_selflearn.datasets.same_name import same_name
from keras_selflearn.runs.folder import RunFolder
from keras_selflearn.runs.record import RunRecord
from keras_selflearn.runs.review.corrections import (
    CORRECTIONS_CSV,
    Correction,
    corrected,
    is_of_review,
    now,
    read_said,
    write_corrections,
)
from keras_selflearn.runs.review.labelled_images import LabelledImage, labelled_images
from keras_selflearn.storage.files import written_whole
from keras_selflearn.storage.lock import Held, lock

# What an existing corrections.csv that no review wrote is kept as.
_KEPT = "corrections-before-review.csv"
_NO_CLASS = ("", "-1")


class Change(Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody says of an image now; `undo` takes back what was said."""

    index: Annotated[int, Meta(ge=0)]
    action: Literal["accept", "correct", "none", "unlabel", "undo"]
    label: Annotated[str, Meta(max_length=1000)] = ""


class Session:
    """The images of a run and what was said of them.

    Parameters
    ----------
    run : Path
        The folder of a finished run.
    folder : Path, optional
        The images, where they were moved since the run.

    Attributes
    ----------
    images : list of LabelledImage
        Those of the run, and then those that earlier corrections name and the run left out.
    classes : list of str
        Those of the run, and then new ones.
    said : dict of Correction
        By path.

    Raises
    ------
    InputError
        When there is no such run, its images are not there, or its files are damaged.
    """

    def __init__(self, run: Path, folder: Optional[Path] = None) -> None:
        self.run, self.record = run, _finished(run)
        self.images = labelled_images(run)
        self.folder = folder or Path(str(self.record.config.images)).expanduser()
        if not self.folder.is_dir():
            raise InputError(
                f"The images of the run are not in {self.folder}: put the folder back, or say with"
                " --images where it is."
            )
        self.path = run / CORRECTIONS_CSV
        self._is_foreign = self._is_closed = False
        self._lock = threading.Lock()
        self.said = self._read()
        known = {each.path for each in self.images}
        self.images += [
            LabelledImage(path, each.previous)
            for path, each in sorted(self.said.items())
            if path not in known
        ]
        self.classes = list(self.record.data.classes)
        self._add_classes(each.label for each in self.said.values())

    def change(self, changes: Sequence[Change]) -> None:
        """Take over changes and write corrections.csv; either all of them or none.

        Raises
        ------
        ValueError
            When one of them can't be.
        InputError
            When the file can't be written.
        """
        when = now()
        with self._lock:
            said = dict(self.said)
            for each in changes:
                if each.index >= len(self.images):
                    raise ValueError(f"there is no image {each.index}")
                image = self.images[each.index]
                if each.action == "undo":
                    said.pop(image.path, None)
                else:
                    said[image.path] = _correction(each, image, when)
            self._write(said)
            self.said = said

    def take_over(self, said: dict[str, Correction]) -> None:
        """Add corrections by path and write the file; an `InputError` when that fails."""
        with self._lock:
            merged = {**self.said, **said}
            self._write(merged)
            self.said = merged

    def close(self) -> None:
        """Wait until a change that is being written is on the disk, and take no other."""
        with self._lock:
            self._is_closed = True

    def next_command(self, corrections: Optional[Path] = None) -> str:
        """The command of a run that learns from the corrections."""
        place = corrections or self.path
        flags = [f"--from_run={self.run}", f"--corrections={place}"]
        if self.run.parent != Path("results"):
            flags.append(f"--results_dir={self.run.parent}")
        return shlex.join(["python", "-m", "keras_selflearn.main", *flags])

    def _read(self) -> dict[str, Correction]:
        previous = {each.path: each.label for each in self.images}
        earlier = self.record.config.corrections
        path = self.path
        if path.exists():
            self._is_foreign = not is_of_review(path)
        elif earlier is None:
            return {}
        else:
            # The next run gets one file: what the last was told must be in it, too.
            path = Path(earlier).expanduser()
            if not path.exists():
                warnings.warn(
                    f"The corrections of the run, {path}, are not there any more: the next run will"
                    f" not know them unless you put them into {self.path}.",
                    InputWarning,
                    stacklevel=3,
                )
                return {}
        on_disk = [] if is_of_review(path) else find_images(self.folder, warn=False)
        return read_said(path, self.folder, {*previous, *on_disk}, previous)

    def _write(self, said: dict[str, Correction]) -> None:
        if self._is_closed:
            raise InputError("The command has ended: download what you said, or start it again.")
        if self._is_foreign:
            with written_whole(self.run / _KEPT, replace=False) as file:
                file.write(self.path.read_bytes())
        write_corrections(self.path, said)
        self._is_foreign = False
        self._add_classes(each.label for each in said.values())

    def _add_classes(self, labels: Iterator[str]) -> None:
        known = {same_name(each) for each in self.classes}
        new = {same_name(each): each for each in labels if each}
        self.classes += sorted(each for form, each in new.items() if form not in known)


@contextlib.contextmanager
def opened(run: Path, folder: Optional[Path] = None) -> Iterator[Session]:
    """A session that writes corrections.csv in the block; no other process may do so meanwhile.

    Raises
    ------
    InputError
        As `Session`; when the run's folder can't be written, or another process has it.
    """
    _finished(run)
    if not os.access(run, os.W_OK):
        raise InputError(
            f"The folder {run} can't be written, and {CORRECTIONS_CSV} belongs there: allow it, or"
            " write a page with --static."
        )
    try:
        with lock(run):
            session = Session(run, folder)
            try:
                yield session
            finally:
                session.close()
    except Held as error:
        raise InputError(
            f"{run} is under review already, in another process: use its page, or end it."
        ) from error


def _finished(run: Path) -> RunRecord:
    if not run.is_dir():
        raise InputError(f"There is no folder {run}: give a run's.")
    if not RunFolder(run).has_run():
        raise InputError(f"{run} is no run's folder, which has a run.json: give a run's.")
    status = RunFolder(run).status()
    if status != "finished":
        raise InputError(f"The run in {run} is not finished but {status}: start its command again.")
    return RunFolder(run).read_run()


def _correction(change: Change, image: LabelledImage, when: str) -> Correction:
    label = image.label if change.action == "accept" else change.label.strip()
    if change.action in ("accept", "correct") and (label in _NO_CLASS or "\0" in label):
        raise ValueError(f"image {change.index} needs the name of a class")
    return corrected(label, image.label, change.action, when)
