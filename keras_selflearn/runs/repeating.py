"""Repeat a finished run from its own record."""

from __future__ import annotations

import logging
from dataclasses import fields, replace
from pathlib import Path

from keras_selflearn.console.errors import InputError
from keras_selflearn.console.several import as_text
from keras_selflearn.network.backbone import weights_digest
from keras_selflearn.network.names import OWN, is_model_file
from keras_selflearn.network.precision import resolve_precision
from keras_selflearn.options.config import PLACES, Config
from keras_selflearn.options.network import digests_of, with_digests
from keras_selflearn.runs.environment import describe_environment
from keras_selflearn.runs.folder import RUN_JSON, RunFolder
from keras_selflearn.runs.record import Environment
from keras_selflearn.storage.preset_folder import is_preset, preset_folder

_LOG = logging.getLogger(__name__)
_COMPARED = ("keras_selflearn", "git_commit", "python", "packages", "cpu", "gpus", "precision")


def repeated(folder: Path, given: Config) -> Config:
    """Take the configuration from the record of a finished run, and the places from `given`.

    A place that is not given stays where the record has it. Only the results go to the folder of
    `given` in any case. Differences between the two machines and their packages are logged. The
    numbers are the same only with --deterministic and without a difference.

    Parameters
    ----------
    folder : Path
    given : Config
        All options but the places must have their defaults.

    Raises
    ------
    InputError
        When there is no finished run, its record is damaged, other flags are given, or the initial
        weights are not the ones that the run started from.
    """
    path = folder / RUN_JSON
    _check_only_places(given, path)
    run = RunFolder(folder).read_run()
    recorded = run.config
    if run.status != "finished":
        raise InputError(f"The run in {folder} is not finished: start its own command again.")
    places = {name: getattr(given, name) for name in PLACES}
    places = {name: place for name, place in places.items() if place is not None}
    # The recorded numbers are what the limit led to.
    config = replace(recorded, **{"time_limit": None, **places})
    _check_weights(str(config.weights), str(recorded.weights), run.weights_sha256)
    _check_backbone(config.backbone, run.backbone_sha256)
    _tell_differences(run.environment, describe_environment(resolve_precision(config.precision)))
    return config


def _check_only_places(given: Config, path: Path) -> None:
    """Raise an `InputError` for flags beside the places that differ from their defaults."""
    defaults = Config()
    other = [
        f"--{each.name}"
        for each in fields(Config)
        if each.name not in PLACES and getattr(given, each.name) != getattr(defaults, each.name)
    ]
    if other:
        raise InputError(
            f"--from_run repeats what {path} says: {', '.join(other)} can't be given with it."
        )


def _check_backbone(backbone: str, digests: str | None) -> None:
    for each, digest in with_digests(backbone, digests):
        if is_model_file(each) and not Path(each).expanduser().is_file():
            raise InputError(f"There is no model file {each}, which the run had: put it there.")
        folder = preset_folder(each) if is_preset(each) else None
        if folder is not None and not folder.is_dir():
            raise InputError(f"There is no folder {folder}, which the run had: put it there.")
        if (digests_of(as_text([each])) or "") != digest:
            kind = "preset" if is_preset(each) else "model file"
            raise InputError(f"The {kind} {each} was changed since the run: put it back.")


def _check_weights(weights: str, recorded: str, digest: str | None) -> None:
    if digest is None and weights == recorded:
        return
    is_file = weights not in ("random", "imagenet", OWN)
    if is_file and not Path(weights).expanduser().is_file():
        raise InputError(f"There is no weights file {weights}: give the run's with --weights=PATH.")
    if digest is None or weights_digest(weights) != digest:
        content = f" with SHA-256 {digest}" if digest else ""
        raise InputError(
            f"The run started from {recorded}{content}, and {weights} is not the same: give the"
            " same with --weights."
        )


def _tell_differences(before: Environment, now: Environment) -> None:
    for name in _COMPARED:
        was, is_now = getattr(before, name), getattr(now, name)
        if was != is_now:
            _LOG.warning("%s was %s and is %s: numbers may differ.", name, was, is_now)
