"""Names that people take for the same: a Mac and Windows write one accent in two ways."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable


def same_name(name: str) -> str:
    """Give the form in which names are compared: Unicode's, without blanks around it."""
    return unicode_form(name).strip()


def unicode_form(name: str) -> str:
    """Give the one form, NFC, of a name that can be written in several."""
    return unicodedata.normalize("NFC", name)


def names_alike(names: Iterable[str]) -> list[list[str]]:
    """Group names that may be meant for one: in case, blanks and what can't be seen they differ.

    Returns
    -------
    list of list of str
        Each with two names or more.
    """
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(alike(name), []).append(name)
    return [group for group in groups.values() if len(group) > 1]


def alike(name: str) -> str:
    """Give what is left of a name without case, form, blanks around it and invisible letters."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold())
    seen = (" " if each.isspace() else each for each in folded)
    return " ".join("".join(c for c in seen if unicodedata.category(c) not in ("Cc", "Cf")).split())
