"""Presets: the flagfiles in `flags/` that say how a reproduction is run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from keras_selflearn.console import command_line
from keras_selflearn.console.errors import InputError, unknown_name
from keras_selflearn.console.option import option
from keras_selflearn.datasets import DATASETS
from keras_selflearn.options.config import Config

# Beside the package in a checkout; where it is installed alone, in the working directory.
_FOLDERS = (Path(__file__).resolve().parents[2] / "flags", Path("flags"))


@dataclass(frozen=True)
class Preset(Config):
    """A configuration that also says how many runs there are of each cell, and from what."""

    runs: int | None = option(None, "Runs of each cell, with seeds 0, 1, 2, ...")
    imagenet_weights: str | None = option(None, "File of the ImageNet weights.")


def preset_names() -> list[str]:
    """Those of all flagfiles that neither name a data set nor change a preset for one."""
    names = {path.stem for folder in _FOLDERS for path in folder.glob("*.cfg")} - set(DATASETS)
    changes = tuple(f"-{dataset}" for dataset in DATASETS)
    return sorted(name for name in names if not name.endswith(changes))


def flagfiles(preset: str, dataset: str) -> list[Path]:
    """The files that make a cell of a data set's table, of which a later one wins.

    The data set's own, the preset's and, where there is one, `PRESET-DATASET.cfg`: what the preset
    changes for this data set.

    Raises
    ------
    InputError
        When there is no such preset.
    """
    if not preset_names():
        folders = " or ".join(map(str, _FOLDERS))
        raise InputError(f"There are no flagfiles in {folders}: run this in a checkout.")
    if preset not in preset_names():
        raise unknown_name("preset", preset, preset_names())
    wanted = [dataset, preset, f"{preset}-{dataset}"]
    found = [_path(name) for name in wanted]
    return [path for path in found if path is not None]


def read_preset(preset: str, dataset: str) -> Preset:
    """What the preset's flagfiles ask for of a data set; `InputError` as `flagfiles`."""
    return command_line.parse(Preset, [f"--flagfile={path}" for path in flagfiles(preset, dataset)])


def _path(name: str) -> Path | None:
    paths = [folder / f"{name}.cfg" for folder in _FOLDERS]
    return next((path for path in paths if path.exists()), None)
