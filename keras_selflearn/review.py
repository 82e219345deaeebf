"""Look at the labels of a run in a browser, and correct them.

`python -m keras_selflearn.review --run=FOLDER`
"""

from __future__ import annotations

from pathlib import Path

from keras_selflearn.console import command_line
from keras_selflearn.console.signals import Stopped
from keras_selflearn.runs.review.label_studio import labelling_interface
from keras_selflearn.runs.review.reviewing import (
    ReviewConfig,
    served,
    take_annotations,
    write_static,
    write_tasks,
)
from keras_selflearn.runs.review.session import Session


def main(config: ReviewConfig) -> None:
    """Serve the page until Ctrl-C, or do what a flag asks for instead."""
    config.check()
    if config.static is not None:
        path, note, session = write_static(config)
        print(f"The page is in {path}: its button saves corrections.csv. {note}".strip())
        print(f"The next run learns from it:\n  {session.next_command(Path('corrections.csv'))}")
    elif config.label_studio_export is not None:
        path, session = write_tasks(config)
        print(f"{len(session.images):,} tasks are in {path}. The labelling interface for them:")
        print(f"  {labelling_interface(session.classes)}")
    elif config.label_studio_import is not None:
        number, session = take_annotations(config)
        print(f"{number:,} annotations are new.")
        _say_where(session)
    else:
        _serve(config)


def _serve(config: ReviewConfig) -> None:
    with served(config) as server:
        where = "Open this address in a browser on this machine; Ctrl-C ends"
        print(f"{where}:\n  {server.address}", flush=True)
        try:
            server.serve_forever()
        except Stopped:
            print()
        _say_where(server.session)


def _say_where(session: Session) -> None:
    if not session.said:
        print("Nothing was said of the images.")
        return
    print(f"What was said of {len(session.said):,} images is in {session.path}")
    print(f"The next run learns from it:\n  {session.next_command()}")


if __name__ == "__main__":
    command_line.run(ReviewConfig, main, "Look at the labels of a run, and correct them.")
