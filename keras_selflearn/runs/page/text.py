"""Text for the page: numbers as people read them, and whatever comes from outside made harmless."""

from __future__ import annotations

import html
import json
import re
from typing import Any

# What HTML can't hold, bytes of file names that are no UTF-8, and characters that turn the
# direction of the text around them.
_UNFIT = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufffe\uffff]"
)


def clean(text: object) -> str:
    """The text with a replacement character for whatever can't be shown."""
    return _UNFIT.sub("\N{REPLACEMENT CHARACTER}", str(text))


def escape(text: object) -> str:
    """Clean text for HTML, also within an attribute."""
    return html.escape(clean(text))


def name(text: object) -> str:
    """A name from outside, as HTML that may break after `_` and turns no text around it."""
    breakable = re.sub("(_+)", r"\1<wbr>", escape(text))
    return f"<bdi>{breakable}</bdi>"


def as_json(value: Any) -> str:
    """JSON for a `<script>`, which no text within can end."""
    return json.dumps(value, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")


def percent(value: float) -> str:
    """One place after the point, with the sign."""
    return f"{value:.1f}\N{NO-BREAK SPACE}%"


def share(part: int, whole: int) -> str:
    """In percent."""
    return percent(100 * part / whole)


def count(number: int, noun: str = "", plural: str = "") -> str:
    """A number with commas and, if given, a noun in the form that it needs."""
    form = noun if number == 1 else plural or f"{noun}s"
    return f"{number:,} {form}" if noun else f"{number:,}"


def surety(confidence: float, by_distance: bool) -> str:
    """A confidence as the probability or the distance that it is."""
    if by_distance:
        return f"distance {abs(confidence):#.3g}".rstrip(".")
    return f"probability {confidence:.3f}"


def duration(seconds: float) -> str:
    """In the two largest units."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
