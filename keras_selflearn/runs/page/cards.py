"""A pseudo-labelled image as a card: its picture, and what it was matched to."""

from __future__ import annotations

from collections.abc import Sequence

from keras_selflearn.runs.page import text
from keras_selflearn.runs.page.chosen import is_wrong
from keras_selflearn.runs.page.contents import Contents
from keras_selflearn.runs.page.markers import codes, marker
from keras_selflearn.runs.page.thumbnails import Thumbnails

WRONG, RIGHT = "\N{MULTIPLICATION X}", "\N{CHECK MARK}"


class Cards:
    """Makes the cards of a page.

    Parameters
    ----------
    contents : Contents
    thumbnails : Thumbnails
        Of the training images that are shown and of those they were matched to.
    """

    def __init__(self, contents: Contents, thumbnails: Thumbnails):
        self._contents = contents
        self._thumbnails = thumbnails

    def pictures(self, index: int) -> str:
        """The picture of a training image and, if there is one, of what it was matched to."""
        contents = self._contents
        parts = [self._thumbnails.picture(index, describe(contents, index))]
        matched = int(contents.matched[index])
        if matched >= 0:
            described = f"matched to {describe(contents, matched)}"
            picture = self._thumbnails.picture(matched, described)
            parts.append(f'<span class="matched">{picture}<small>match</small></span>')
        return f'<span class="pictures">{"".join(parts)}</span>'

    def chosen(self, index: int) -> str:
        """When it was chosen and how sure the model was then."""
        contents = self._contents
        sure = text.surety(contents.confidence[index], contents.by_distance)
        return f"meta-iteration {contents.labelled_in[index]}, {sure}"

    def verdict(self, index: int, if_right: str = "") -> str:
        """What the true label, where it is known, says of the pseudo-label."""
        contents = self._contents
        wrong = is_wrong(contents, index)
        if wrong:
            true = text.name(contents.class_names[contents.true_labels[index]])
            return f'<strong class="wrong">{WRONG} wrong: it is {true}</strong>'
        return (
            f'<span class="right">{RIGHT} {if_right}</span>' if if_right and wrong is False else ""
        )

    def file(self, index: int) -> str:
        """The path, or the position where there is none."""
        paths = self._contents.paths
        if paths is None:
            return f"training image {index}"
        return f'<span class="path">{text.name(paths[index])}</span>'


def describe(contents: Contents, index: int) -> str:
    """A training image in words."""
    path = "" if contents.paths is None else f" ({contents.paths[index]})"
    label = contents.labels[index]
    named = f", labelled {contents.class_names[label]}" if label >= 0 else ""
    return f"training image {index}{path}{named}"


def class_label(class_names: Sequence[str], label: int) -> str:
    """A class with its marker, its code and its name."""
    code = codes(class_names)[label]
    shown = text.name(class_names[label])
    coded = "" if code == text.clean(class_names[label]) else f'<b class="code">{code}</b> '
    return f"{marker(label)}{coded}{shown}"


def class_options(class_names: Sequence[str], labels: Sequence[int]) -> str:
    """Options of a selector for these classes."""
    return "".join(
        f'<option value="{label}">{text.escape(class_names[label])}</option>' for label in labels
    )
