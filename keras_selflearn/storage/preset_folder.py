"""Presets of KerasHub by name: the folder of a preset, and what tells its content apart."""

from __future__ import annotations

import hashlib
from pathlib import Path

from keras_selflearn.storage.digest import sha256

PREFIX = "hub:"
CONFIG, CONVERTER, WEIGHTS = "config.json", "image_converter.json", "model.weights.h5"


def is_preset(backbone: str) -> bool:
    """Whether this names a preset of KerasHub."""
    return backbone.startswith(PREFIX)


def preset_name(backbone: str) -> str:
    """What follows the prefix: a folder, or the name of a download."""
    return backbone[len(PREFIX) :]


def preset_folder(backbone: str) -> Path | None:
    """The folder that a preset is in; None for a download.

    A folder that is not there counts where its name can be nothing else.
    """
    name = preset_name(backbone)
    if "://" in name:
        return None
    folder = Path(name).expanduser()
    return folder if folder.is_dir() or "/" in name or name in ("", ".", "..") else None


def digest_of_preset(folder: Path) -> str:
    """SHA-256 of the digests of a preset's files; one that is not there counts as well."""
    paths = [folder / name for name in (CONFIG, CONVERTER, WEIGHTS)]
    digests = [sha256(path) if path.is_file() else "" for path in paths]
    return hashlib.sha256(" ".join(digests).encode()).hexdigest()
