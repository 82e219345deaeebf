"""Names of files and folders. File systems limit their bytes, not their letters."""

from __future__ import annotations

import os

_MOST_BYTES = 255


def cut_to_bytes(name: str, most: int) -> str:
    """Cut a name so that its UTF-8 has at most so many bytes; no letter is cut in two."""
    return name.encode("utf-8", "surrogateescape")[:most].decode("utf-8", "ignore")


def with_end(name: str, end: str) -> str:
    """Put an end to a name, which is cut where the whole would be too long for a file system."""
    most = max(0, _MOST_BYTES - len(os.fsencode(end)))
    return (name if len(os.fsencode(name)) <= most else cut_to_bytes(name, most)) + end
