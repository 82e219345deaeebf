"""Files that a reader never sees half of."""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(path: Path, content: str | bytes) -> Path:
    """Write a file, text as UTF-8, under another name and then rename it; its path."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    unfinished.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    os.replace(unfinished, path)
    return path
