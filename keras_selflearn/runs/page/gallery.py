"""For each class the pseudo-labels that the model was surest and least sure of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from keras_selflearn.runs.page import text
from keras_selflearn.runs.page.cards import Cards, class_label, class_options
from keras_selflearn.runs.page.chosen import Extremes
from keras_selflearn.runs.page.contents import Contents

# With more classes than this only the first is open.
_MOST_OPEN = 3


def gallery(contents: Contents, found: Sequence[Extremes], cards: Cards) -> str:
    """The section's HTML; a class without pseudo-labels is named at its end."""
    labels = [label for label, each in enumerate(found) if each.number]
    is_open = [
        "open" if len(labels) <= _MOST_OPEN or label == labels[0] else "" for label in labels
    ]
    classes = "".join(
        _class(contents, label, found[label], cards, opened)
        for label, opened in zip(labels, is_open)
    )
    without = [name for name, each in zip(contents.class_names, found) if not each.number]
    options = class_options(contents.class_names, labels)
    return (
        f"<p>{_explanation(contents)}</p>"
        '<p class="controls" hidden><label>Class <select data-open="gallery">'
        f'<option value="">choose one</option>{options}</select></label>'
        '<button type="button" data-open-all="gallery">Open all</button>'
        '<button type="button" data-close-all="gallery">Close all</button></p>'
        f'<div id="gallery">{classes}</div>{_without(without)}'
    )


def _explanation(contents: Contents) -> str:
    if contents.by_distance:
        what = (
            "An image got the label of the labelled image nearest to it in the embedding space,"
            " its match, shown beside it; a smaller distance is surer."
        )
    else:
        what = "An image got the label that the network held most probable."
    truth = (
        " Those marked \N{MULTIPLICATION X} are wrong by the true labels, which the run itself used"
        " for nothing but its record."
    )
    return what + (truth if (contents.true_labels[contents.pseudo_labelled] >= 0).any() else "")


def _without(names: Sequence[str]) -> str:
    if not names:
        return ""
    number = text.count(len(names), "class", "classes")
    listed = ", ".join(text.name(name) for name in names)
    return f"<details><summary>{number} without pseudo-labels</summary><p>{listed}</p></details>"


def _class(contents: Contents, label: int, found: Extremes, cards: Cards, opened: str) -> str:
    return (
        f'<details {opened} data-class="{label}"><summary><h3>'
        f"{class_label(contents.class_names, label)}</h3> "
        f"<span>{text.count(found.number, 'pseudo-label')}</span></summary>"
        f'<div class="extremes">{_row("Most confident", found.most, cards)}'
        f"{_row('Least confident', found.least, cards)}</div></details>"
    )


def _row(title: str, indices: np.ndarray, cards: Cards) -> str:
    if not len(indices):
        return ""
    items = "".join(
        f"<li>{cards.pictures(int(i))}<span>{cards.chosen(int(i))}</span>{cards.verdict(int(i))}</li>"
        for i in indices
    )
    return f'<div><h4>{title}</h4><ul class="cards">{items}</ul></div>'
