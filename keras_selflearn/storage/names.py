"""Names of files and folders. File systems limit their bytes, not their letters."""

from __future__ import annotations


def cut_to_bytes(name: str, most: int) -> str:
    """Cut a name so that its UTF-8 has at most so many bytes; no letter is cut in two."""
    return name.encode("utf-8", "surrogateescape")[:most].decode("utf-8", "ignore")
