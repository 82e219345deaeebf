"""Names that people take for the same: a Mac and Windows write one accent in two ways."""

from __future__ import annotations

import unicodedata


def same_name(name: str) -> str:
    """Give the form in which names are compared, Unicode's NFC. What is written keeps its own."""
    return unicodedata.normalize("NFC", name)
