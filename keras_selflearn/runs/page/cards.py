"""A pseudo-labelled image as a card: its picture, and its nearest labelled image."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from keras_selflearn.runs.page import text
from keras_selflearn.runs.page.contents import Contents
from keras_selflearn.runs.page.highlights import is_wrong
from keras_selflearn.runs.page.thumbnails import Thumbnails


@dataclass(frozen=True)
class Card:
    """What a card shows.

    Attributes
    ----------
    picture, nearest : Markup
        Pictures of the image and of its nearest labelled image; the latter may be empty.
    selected : str
        The meta-iteration that selected the image, and the confidence then; or that it is given.
    is_wrong : bool or None
        Whether the pseudo-label is wrong; None if that is unknown.
    true_name : str
        The true class; empty if it is unknown.
    path : str or None
        The file of the image.
    index : int
        Its position among the training images.
    """

    picture: Markup
    nearest: Markup
    selected: str
    is_wrong: bool | None
    true_name: str
    path: str | None
    index: int


def make_card(contents: Contents, thumbnails: Thumbnails, index: int) -> Card:
    """Make the card of a training image."""
    nearest, true = int(contents.nearest[index]), int(contents.true_labels[index])
    sure = text.surety(contents.confidence[index], contents.by_distance)
    picture = Markup()
    if nearest >= 0:
        picture = thumbnails.picture(nearest, f"nearest: {_describe(contents, nearest)}")
    return Card(
        picture=thumbnails.picture(index, _describe(contents, index)),
        nearest=picture,
        selected=f"meta-iteration {contents.labelled_in[index]}, {sure}"
        if contents.labelled_in[index]
        else "given",
        is_wrong=is_wrong(contents, index),
        true_name=contents.class_names[true] if true >= 0 else "",
        path=None if contents.paths is None else contents.paths[index],
        index=index,
    )


def _describe(contents: Contents, index: int) -> str:
    path = "" if contents.paths is None else f" ({contents.paths[index]})"
    label = contents.labels[index]
    named = f", labelled {contents.class_names[label]}" if label >= 0 else ""
    return f"training image {index}{path}{named}"
