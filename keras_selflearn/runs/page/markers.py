"""Shows which class is which: by a short code, a shape and a colour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from keras_selflearn.runs.page.text import clean

# Within a circle of radius 5. Nine shapes and ten colours in page.css make 90 classes distinct.
_SHAPES = (
    "M-4,0a4,4 0 1,0 8,0a4,4 0 1,0 -8,0",
    "M-3.5,-3.5h7v7h-7z",
    "M0,-4.6L4.3,3.2H-4.3z",
    "M0,-5L4.2,0L0,5L-4.2,0z",
    "M-1.5,-4.5h3v3h3v3h-3v3h-3v-3h-3v-3h3z",
    "M0,4.6L4.3,-3.2H-4.3z",
    "M0,-5L1.4,-1.5L4.8,-1.5L2.1,0.7L3,4.2L0,2.1L-3,4.2L-2.1,0.7L-4.8,-1.5L-1.4,-1.5z",
    "M-4.6,0L3.2,-4.3V4.3z",
    "M-4.5,-2.4L-2.4,-4.5L0,-2.1L2.4,-4.5L4.5,-2.4L2.1,0L4.5,2.4L2.4,4.5L0,2.1L-2.4,4.5L-4.5,2.4"
    "L-2.1,0z",
)
_COLOURS = 10
_MOST_LETTERS = 3
UNLABELLED_LOOK = "look-none"


@dataclass(frozen=True)
class ClassLook:
    """How the page shows a class.

    Attributes
    ----------
    label : int
    name : str
    code : str
        A short name; see `codes`.
    look, shape : str
        The style class of its colour, and the reference to its shape.
    """

    label: int
    name: str
    code: str
    look: str
    shape: str


def class_looks(class_names: Sequence[str]) -> list[ClassLook]:
    """Choose how the page shows each class."""
    return [
        ClassLook(label, name, code, look(label), shape(label))
        for label, (name, code) in enumerate(zip(class_names, codes(class_names)))
    ]


def codes(class_names: Sequence[str]) -> list[str]:
    """Return the names themselves if all are short, else A to Z, AA, AB and so on."""
    names = [clean(name) for name in class_names]
    if all(0 < len(name) <= _MOST_LETTERS for name in names):
        return names
    return [_letters(index) for index in range(len(names))]


def _letters(index: int) -> str:
    text = ""
    while index >= 0:
        index, letter = divmod(index, 26)
        text = chr(ord("A") + letter) + text
        index -= 1
    return text


def definitions() -> Markup:
    """Define the shapes for `use`, once in a page."""
    shapes = "".join(f'<path id="shape{i}" d="{path}"/>' for i, path in enumerate(_SHAPES))
    return Markup(f'<svg class="definitions" aria-hidden="true"><defs>{shapes}</defs></svg>')


def shape(label: int) -> str:
    """Return the reference to the shape of a class; -1, no label, is a circle."""
    return f"#shape{max(label, 0) % len(_SHAPES)}"


def look(label: int) -> str:
    """Return the style class that colours a class."""
    return UNLABELLED_LOOK if label < 0 else f"look{label % _COLOURS}"


def marker(label: int) -> Markup:
    """Draw a class's marker, to stand before its name."""
    return Markup(
        f'<svg class="marker {look(label)}" viewBox="-6 -6 12 12" aria-hidden="true">'
        f'<use href="{shape(label)}"/></svg>'
    )
