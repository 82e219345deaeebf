"""Text for a page: readable numbers, and harmless text from outside."""

from __future__ import annotations

import html
import json
import re
from typing import Any

from markupsafe import Markup

from keras_selflearn.selflearning.shares import shares_of

# Characters that HTML can't hold, bytes of file names that are not UTF-8, and characters that turn
# the direction of the text around them.
_UNFIT = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufffe\uffff]"
)


def clean(text: object) -> str:
    """Put a replacement character in place of each character that can't be shown."""
    return _UNFIT.sub("\N{REPLACEMENT CHARACTER}", str(text))


def escape(text: object) -> Markup:
    """Clean and escape text for HTML, also for an attribute."""
    return Markup(html.escape(clean(text)))


def name(text: object) -> Markup:
    """Escape a name that may break after `_` and does not turn the text around it."""
    breakable = re.sub("(_+)", r"\1<wbr>", str(escape(text)))
    return Markup(f"<bdi>{breakable}</bdi>")


def as_json(value: Any) -> Markup:
    """Write JSON for a `<script>` that no text in it can end."""
    content = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return Markup(content.replace("<", "\\u003c"))


def percent(value: float) -> str:
    """Round to one decimal place, with the percent sign."""
    return f"{value:.1f}\N{NO-BREAK SPACE}%"


def percents(option: float | str) -> str:
    """Write the shares of the option `selection_percent`, without the percent sign."""
    return ", then ".join(f"{each:g}" for each in shares_of(option))


def share(part: int, whole: int) -> str:
    """Give a part of a whole in percent."""
    return percent(100 * part / whole)


def count(number: int, noun: str = "", plural: str = "") -> str:
    """Write a number with commas and, if given, a noun in the singular or plural."""
    form = noun if number == 1 else plural or f"{noun}s"
    return f"{number:,} {form}" if noun else f"{number:,}"


def surety(confidence: float, by_distance: bool) -> str:
    """Write a confidence as a probability or as a distance."""
    if by_distance:
        return f"distance {abs(confidence):#.3g}".rstrip(".")
    return f"probability {confidence:.3f}"


def duration(seconds: float) -> str:
    """Write a length of time in its two largest units."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
