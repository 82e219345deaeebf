"""The pseudo-labels of each class with the highest and the lowest confidence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from keras_selflearn.labelling import labeller_class
from keras_selflearn.options.labelling import labelling_of
from keras_selflearn.runs.page.cards import Card, make_card
from keras_selflearn.runs.page.contents import Contents
from keras_selflearn.runs.page.highlights import Extremes
from keras_selflearn.runs.page.markers import class_looks
from keras_selflearn.runs.page.templates import render
from keras_selflearn.runs.page.thumbnails import Thumbnails

# With more classes than this, only the first is open.
_MOST_OPEN = 3


def gallery(contents: Contents, found: Sequence[Extremes], thumbnails: Thumbnails) -> Markup:
    """Render the section; its end names the classes without pseudo-labels."""
    classes = class_looks(contents.class_names)

    def cards(indices: np.ndarray) -> list[Card]:
        return [make_card(contents, thumbnails, int(index)) for index in indices]

    groups = [
        (
            class_,
            each.number,
            {"Most confident": cards(each.most), "Least confident": cards(each.least)},
        )
        for class_, each in zip(classes, found)
        if each.number
    ]
    return render(
        "gallery.html",
        explanation=labeller_class(labelling_of(contents.run.config)).explanation,
        truth_is_known=(contents.true_labels[contents.pseudo_labelled] >= 0).any(),
        groups=groups,
        number_open=len(groups) if len(groups) <= _MOST_OPEN else 1,
        without=[class_.name for class_, each in zip(classes, found) if not each.number],
    )
