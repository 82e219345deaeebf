"""The folder for things that take long to make or to download."""

from __future__ import annotations

import os
from pathlib import Path


def cache_root() -> Path:
    """The package's folder in the user's cache folder. It need not exist yet."""
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "keras_selflearn"
