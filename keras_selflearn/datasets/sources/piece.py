"""A part of the images, which is read at once, and what is said of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Callable

from keras_selflearn.datasets.image_files.in_parallel import Encoded
from keras_selflearn.datasets.label_csv import LONGEST_LABEL, NO_LABEL
from keras_selflearn.datasets.left_out import LeftOut

# In bytes. A larger image is left out.
LARGEST = 2**28


@dataclass
class Report:
    """What a reader says of a piece, beside its images.

    Attributes
    ----------
    on_skip : callable
        Called with the path and the reason of what is left out.
    labels : dict
        The given label by path, of those that have one.
    left_out : LeftOut
        Files that are no images.
    again : bool
        Whether something was left out that may be read another time.
    """

    on_skip: Callable[[str, str], None]
    labels: dict[str, str] = field(default_factory=dict)
    left_out: LeftOut = field(default_factory=LeftOut)
    again: bool = False


@dataclass(frozen=True)
class Piece:
    """A shard, or some images of a folder.

    Attributes
    ----------
    identity : str
        Changes with each change of what is in it.
    part : str
        "train" or "test".
    read : callable
        Gives the images in their order. When all are given, the report is complete.
    """

    identity: str
    part: str
    read: Callable[[Report], Iterator[Encoded]]


def check_size(size: int) -> None:
    """Raise a `ValueError` for an image of too many bytes."""
    if size > LARGEST:
        raise ValueError(f"it has {size:,} bytes, and at most {LARGEST:,} are read")


def label_in(text: str) -> str | None:
    """Give the label that a text is, None for what means no label.

    Raises
    ------
    ValueError
        With the reason, for what can be no label.
    """
    label = text.strip()
    if len(label) > LONGEST_LABEL:
        raise ValueError(f"its label has {len(label):,} characters, at most {LONGEST_LABEL:,} may")
    if "\0" in label:
        raise ValueError("its label holds a NUL character")
    return None if label in NO_LABEL else label
