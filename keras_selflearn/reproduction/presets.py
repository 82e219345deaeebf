"""Presets: the flagfiles in `flags/`, which the package brings, for reproductions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from keras_selflearn.console import command_line
from keras_selflearn.console.errors import InputError, unknown_name
from keras_selflearn.console.option import option
from keras_selflearn.datasets import DATASETS
from keras_selflearn.options.config import Config

# The package's own, and those that a user adds in the working directory.
_FOLDERS = (Path(__file__).resolve().parent / "flags", Path("flags"))


@dataclass(frozen=True)
class Preset(Config):
    """A configuration with the number of runs of each cell and the file of ImageNet weights."""

    runs: int | None = option(None, "Runs of each cell, with seeds 0, 1, 2, ...")
    imagenet_weights: str | None = option(None, "File of the ImageNet weights.")


def preset_names() -> list[str]:
    """List the flagfiles that belong to no single data set."""
    names = {path.stem for folder in _FOLDERS for path in folder.glob("*.cfg")} - set(DATASETS)
    changes = tuple(f"-{dataset}" for dataset in DATASETS)
    return sorted(name for name in names if not name.endswith(changes))


def flagfiles(preset: str, dataset: str) -> list[Path]:
    """List the flagfiles of a cell; a later one wins.

    These are the data set's own, the preset's and, if it exists, `PRESET-DATASET.cfg`.

    Raises
    ------
    InputError
        When there is no such preset.
    """
    if not preset_names():
        folders = " or ".join(map(str, _FOLDERS))
        raise InputError(f"There are no flagfiles in {folders}: install the package again.")
    if preset not in preset_names():
        raise unknown_name("preset", preset, preset_names())
    wanted = [dataset, preset, f"{preset}-{dataset}"]
    found = [_path(name) for name in wanted]
    return [path for path in found if path is not None]


def read_preset(preset: str, dataset: str) -> Preset:
    """Read the flagfiles of a preset and a data set; `InputError` as `flagfiles`."""
    return command_line.parse(Preset, [f"--flagfile={path}" for path in flagfiles(preset, dataset)])


def _path(name: str) -> Path | None:
    paths = [folder / f"{name}.cfg" for folder in _FOLDERS]
    return next((path for path in paths if path.exists()), None)
