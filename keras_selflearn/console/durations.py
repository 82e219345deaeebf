"""Lengths of time, as people say and write them."""

from __future__ import annotations

import re

from keras_selflearn.console.errors import InputError

_UNITS = {"h": 3600, "m": 60, "s": 1}
_DURATION = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?")


def in_words(seconds: float) -> str:
    """Say a length of time in the unit that people would use."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    hours = seconds / 3600
    return f"{hours:.1f} h" if hours < 48 else f"{hours / 24:.0f} days"


def parse_duration(text: str) -> float:
    """Read a length of time, such as 90s, 20m or 1h30m; return its seconds.

    Raises
    ------
    InputError
        For any other text, and for no time at all.
    """
    found = _DURATION.fullmatch(str(text).strip().lower())
    parts = found.groups(default="0") if found else ()
    seconds = sum(float(part) * unit for part, unit in zip(parts, _UNITS.values()))
    if seconds <= 0:
        raise InputError(f"'{text}' is no length of time: write it as 90s, 20m or 1h30m.")
    return seconds
