"""Likely mistakes: pseudo-labels that the final model would no longer give."""

from __future__ import annotations

import numpy as np

from keras_selflearn.runs.page import text
from keras_selflearn.runs.page.cards import Cards, class_label, class_options
from keras_selflearn.runs.page.contents import Contents

# The others are folded away.
_AT_FIRST = 12


def mistakes_list(contents: Contents, shown: np.ndarray, number: int, cards: Cards) -> str:
    """The section's HTML.

    Parameters
    ----------
    contents : Contents
    shown : (k,) integers
        Positions in `pseudo_labelled`, the likeliest first.
    number : int
        Of all likely mistakes.
    cards : Cards
    """
    of = text.count(len(contents.pseudo_labelled), "pseudo-label")
    if not number:
        return f"<p>None: the final model would give all {of} again.</p>"
    first = f" The first {len(shown)} are shown." if len(shown) < number else ""
    images = contents.pseudo_labelled[shown]
    named = np.unique([contents.labels[images], contents.final_labels[shown]]).tolist()
    items = [_item(contents, int(position), cards) for position in shown]
    more = ""
    if len(items) > _AT_FIRST:
        more = (
            f"<details><summary>Show {len(items) - _AT_FIRST} more</summary>"
            f'<ol class="mistakes" start="{_AT_FIRST + 1}">{"".join(items[_AT_FIRST:])}</ol>'
            "</details>"
        )
    return (
        f"<p>The final model would no longer give {text.count(number)} of {of}"
        f" ({text.share(number, len(contents.pseudo_labelled))}). Those come first where it is"
        f" surest of another label.{first}{_how_many_are_wrong(contents)}</p>"
        '<p class="controls" hidden><label>Class <select data-filter="mistakes">'
        f'<option value="">all</option>{class_options(contents.class_names, named)}</select>'
        '</label> <output id="mistakes-shown"></output></p>'
        f'<div id="mistakes"><ol class="mistakes">{"".join(items[:_AT_FIRST])}</ol>{more}</div>'
    )


def _how_many_are_wrong(contents: Contents) -> str:
    """Whether the list finds what is wrong, where that is known."""
    true = contents.true_labels[contents.pseudo_labelled]
    given = contents.labels[contents.pseudo_labelled]
    known, listed = true >= 0, contents.final_labels != given
    wrong = known & (true != given)
    if not wrong.any():
        return ""
    found = int((wrong & listed).sum())
    return (
        f" By the true labels {text.count(found)} of them {'is' if found == 1 else 'are'} wrong, of"
        f" {text.count(int(wrong.sum()), 'wrong pseudo-label')} in all."
    )


def _item(contents: Contents, position: int, cards: Cards) -> str:
    index = int(contents.pseudo_labelled[position])
    label, final = int(contents.labels[index]), int(contents.final_labels[position])
    sure = text.surety(contents.final_confidence[position], contents.by_distance)
    return (
        f'<li data-classes="{label} {final}">{cards.pictures(index)}<div>'
        f"<p>Labelled {class_label(contents.class_names, label)}"
        f" <small>{cards.chosen(index)}</small></p>"
        f"<p>Final model: {class_label(contents.class_names, final)} <small>{sure}</small></p>"
        f"<p>{cards.verdict(index, if_right='the pseudo-label is right')}"
        f" <small>{cards.file(index)}</small></p></div></li>"
    )
