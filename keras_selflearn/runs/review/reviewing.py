"""What the command `review` does: serve the page, or write it, or use Label Studio."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from keras_selflearn.console.errors import InputError
from keras_selflearn.console.option import Options, check_required, option
from keras_selflearn.runs.review.label_studio import read_annotations, tasks
from keras_selflearn.runs.review.server import ReviewServer
from keras_selflearn.runs.review.session import Session, opened
from keras_selflearn.runs.review.static_page import static_page
from keras_selflearn.storage.files import is_in, make_writable, write_whole

_INSTEAD = ("static", "label_studio_export", "label_studio_import")


@dataclass(frozen=True)
class ReviewConfig(Options):
    """Which run is reviewed, and how."""

    run: str = option("", "Folder of a finished run on a folder of images.", required=True)
    images: str | None = option(
        None, "Folder of the images; only read.", without="where the run found them"
    )
    port: int = option(0, "Port of the page, on this machine only. 0: any.", least=0, most=65535)
    static: str | None = option(
        None, "New HTML file to write instead of serving the page.", without="the page is served"
    )
    label_studio_export: str | None = option(
        None, "New JSON file of tasks for Label Studio to write instead.", without="none"
    )
    label_studio_import: str | None = option(
        None, "JSON file of Label Studio to take annotations from instead.", without="none"
    )

    def check(self) -> None:
        """Raise an `InputError` for options that exclude each other, or files that are there."""
        check_required(self)
        given = [name for name in _INSTEAD if getattr(self, name) is not None]
        if len(given) > 1:
            raise InputError(f"--{given[0]} and --{given[1]} exclude each other: give one of them.")
        for name in _INSTEAD[:2]:
            path = getattr(self, name)
            if path is not None and os.path.lexists(Path(path).expanduser()):
                raise InputError(f"{path} is there already: choose another name with --{name}.")

    @property
    def places(self) -> tuple[Path, Path | None]:
        """The folders of the run and, if it is given, of the images."""
        return Path(self.run).expanduser(), Path(self.images).expanduser() if self.images else None


@contextmanager
def served(config: ReviewConfig) -> Iterator[ReviewServer]:
    """Give a server of the page, which only `serve_forever` starts; an `InputError` as `opened`."""
    with opened(*config.places) as session, ReviewServer(session, config.port) as server:
        yield server


def write_static(config: ReviewConfig) -> tuple[Path, str, Session]:
    """Write the page as a file; give it, a sentence on what it lacks, and the session."""
    path, session = _new_file(config, "static")
    content, note = static_page(session)
    return write_whole(path, content), note, session


def write_tasks(config: ReviewConfig) -> tuple[Path, Session]:
    """Write the tasks for Label Studio."""
    path, session = _new_file(config, "label_studio_export")
    return write_whole(path, tasks(session)), session


def take_annotations(config: ReviewConfig) -> tuple[int, Session]:
    """Take annotations over into corrections.csv; give how many are new."""
    with opened(*config.places) as session:
        path = Path(str(config.label_studio_import)).expanduser()
        found = read_annotations(path, session)
        if found:
            session.take_over(found)
        return len(found), session


def _new_file(config: ReviewConfig, flag: str) -> tuple[Path, Session]:
    path = Path(getattr(config, flag)).expanduser()
    session = Session(*config.places)
    if is_in(path, session.folder):
        raise InputError(
            f"{path} is in the folder of images, {session.folder}, which is only read: choose"
            f" another place with --{flag}."
        )
    make_writable(path.parent, flag)
    return path, session
