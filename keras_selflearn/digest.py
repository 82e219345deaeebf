"""The SHA-256 of a file."""

from __future__ import annotations

import hashlib
from pathlib import Path

_PIECE = 2**20


def sha256(path: Path) -> str:
    """64 hexadecimal digits; a mebibyte of the file is in memory at a time."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()
