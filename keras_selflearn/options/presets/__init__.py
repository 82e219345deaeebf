"""Presets: flagfiles of this folder, found by name in the installed package."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from keras_selflearn.console import command_line
from keras_selflearn.console.errors import unknown_name
from keras_selflearn.console.option import declared, group
from keras_selflearn.options.config import ESTIMATOR_DEFAULTS, Config
from keras_selflearn.options.selflearning import CrossValidationOptions

_HOW = ("training", "self-learning", "labelling", "loss")
_ALSO = ("embedding_size", "dropout", "batch_statistics", "regime")
# Without a preset, or `train` and `labelling` beside them, these have no use.
_REFINE = """head meta_head head_rounds head_image_size mirror voters prior
graph_neighbors graph_dimensions graph_exponent graph_alpha""".split()
_FOLDER = Path(__file__).resolve().parent
_BASE = re.compile(r"^--preset=(\w+)$", re.MULTILINE)


def preset_names() -> list[str]:
    """The names that `--preset` takes, in alphabetical order."""
    return sorted(path.stem for path in _FOLDER.glob("*.cfg"))


def preset_file(name: str) -> Path:
    """The flagfile of a preset; an `InputError` for an unknown name."""
    if name not in preset_names():
        raise unknown_name("preset", str(name), preset_names())
    return _FOLDER / f"{name}.cfg"


def preset_files(name: str) -> list[Path]:
    """The flagfiles of a preset, and first those of the preset that it begins with, if any."""
    file = preset_file(name)
    base = _BASE.search(file.read_text(encoding="utf-8"))
    return [*(preset_files(base[1]) if base else ()), file]


def says_how() -> list[str]:
    """The options that say how to train, select or label. A command with none gets a preset."""
    refining = {*_REFINE, *(each.name for each in fields(CrossValidationOptions))}
    return [
        each.name
        for each in fields(Config)
        if (group(Config, each.name) in _HOW or each.name in _ALSO)
        and each.name not in refining
        and not declared(each).measures
    ]


def estimator_preset(name: str) -> Mapping[str, Any]:
    """The parameters of the estimator that a preset sets; an `InputError` for an unknown name."""
    config = command_line.parse(Config, [f"--flagfile={path}" for path in preset_files(name)])
    return {
        each.name: getattr(config, each.name)
        for each in fields(Config)
        if each.name in ESTIMATOR_DEFAULTS and getattr(config, each.name) != each.default
    }
