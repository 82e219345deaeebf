"""Likely mistakes: pseudo-labels that the final model would no longer give."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup

from keras_selflearn.runs.page import text
from keras_selflearn.runs.page.cards import make_card
from keras_selflearn.runs.page.contents import Contents
from keras_selflearn.runs.page.markers import class_looks
from keras_selflearn.runs.page.templates import render
from keras_selflearn.runs.page.thumbnails import Thumbnails

# The others are folded away.
_AT_FIRST = 12


def mistakes_list(
    contents: Contents, positions: np.ndarray, number: int, thumbnails: Thumbnails
) -> Markup:
    """Render the section.

    Parameters
    ----------
    contents : Contents
    positions : (k,) integers
        Positions in `pseudo_labelled` of the mistakes to show, the likeliest first.
    number : int
        Number of all likely mistakes.
    thumbnails : Thumbnails
    """
    classes = class_looks(contents.class_names)
    pseudo_labelled = contents.pseudo_labelled
    items = [
        (
            classes[contents.labels[index]],
            classes[contents.final_labels[position]],
            text.surety(contents.final_confidence[position], contents.by_distance),
            make_card(contents, thumbnails, int(index)),
        )
        for position, index in zip(positions, pseudo_labelled[positions])
    ]
    true, given = contents.true_labels[pseudo_labelled], contents.labels[pseudo_labelled]
    wrong = (true >= 0) & (true != given)
    named = {class_.label: class_ for item in items for class_ in item[:2]}
    return render(
        "mistakes.html",
        number=number,
        of=len(pseudo_labelled),
        items=items,
        at_first=_AT_FIRST,
        classes=[named[label] for label in sorted(named)],
        wrong=int(wrong.sum()),
        found=int((wrong & (contents.final_labels != given)).sum()),
    )
