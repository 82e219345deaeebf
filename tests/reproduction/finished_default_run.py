"""Write finished runs of the default configuration, one a loss and seed, without training.

`python tests/reproduction/finished_default_run.py FOLDER` prints the folders that it made, for
whoever removes them again: a checkout with such runs is one in which a user has worked.
"""

from __future__ import annotations

import sys
from pathlib import Path

from keras_selflearn.console.quiet import import_tensorflow_quietly

import_tensorflow_quietly()

from fake_runs import write_run  # noqa: E402

from keras_selflearn.losses import loss_names  # noqa: E402
from keras_selflearn.options.config import Config  # noqa: E402
from keras_selflearn.reproduction.grid import Cell  # noqa: E402

SEEDS = range(3)


def write_finished_runs(folder: Path) -> list[Path]:
    """The folders of the new runs; what is there already stays as it is."""
    made = []
    for loss in loss_names():
        for seed in SEEDS:
            config = Config(loss=loss, seed=seed, results_dir=str(folder))
            try:
                made.append(write_run(Cell("", (), config), [60.0, 70.0, 65.0]))
            except FileExistsError:
                continue
    return made


if __name__ == "__main__":
    for each in write_finished_runs(Path(sys.argv[1])):
        print(each)
