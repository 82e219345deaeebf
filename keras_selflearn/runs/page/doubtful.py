"""Doubtful labels: those that a classifier which never saw them would not give."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup

from keras_selflearn.labelling.acceptance import Acceptance, accept
from keras_selflearn.runs.page.cards import make_card
from keras_selflearn.runs.page.contents import Contents
from keras_selflearn.runs.page.markers import class_looks
from keras_selflearn.runs.page.templates import render
from keras_selflearn.runs.page.thumbnails import Thumbnails

# The others are folded away.
_AT_FIRST = 12
_ACCURACIES = (0.99, 0.95, 0.9, 0.8)


def doubtful_list(contents: Contents, indices: np.ndarray, thumbnails: Thumbnails) -> Markup:
    """Render the section.

    Parameters
    ----------
    contents : Contents
        With `doubt`.
    indices : (k,) integers
        The training images to show, the most doubted first.
    thumbnails : Thumbnails
    """
    assert contents.doubt is not None and contents.instead is not None
    classes = class_looks(contents.class_names)
    items = [
        (
            classes[contents.labels[index]],
            classes[contents.instead[index]],
            f"doubt {contents.doubt[index]:.2f}",
            make_card(contents, thumbnails, int(index)),
        )
        for index in indices
    ]
    doubted = doubtful(contents)
    given = contents.labelled_in[doubted] == 0
    true, labels = contents.true_labels, contents.labels
    wrong = (true >= 0) & (true != labels) & (contents.labelled_in > 0)
    named = {class_.label: class_ for item in items for class_ in item[:2]}
    return render(
        "doubtful.html",
        items=items,
        at_first=_AT_FIRST,
        classes=[named[label] for label in sorted(named)],
        number=len(doubted),
        given=int(given.sum()),
        of=len(contents.pseudo_labelled),
        expected=expected_wrong(contents),
        acceptances=acceptances(contents),
        wrong=int(wrong.sum()),
        found=int(wrong[doubted].sum()),
    )


def acceptances(contents: Contents) -> list[Acceptance]:
    """Say how many pseudo-labels can be accepted unseen, for several accuracies."""
    if contents.probability is None:
        return []
    probability = contents.probability[contents.pseudo_labelled]
    known = probability[~np.isnan(probability)]
    found = [accept(known, accuracy) for accuracy in _ACCURACIES]
    return list(dict.fromkeys(each for each in found if each is not None))


def doubtful(contents: Contents) -> np.ndarray:
    """Find the given and pseudo-labelled training images with another likelier class.

    The most doubted come first.
    """
    assert contents.doubt is not None
    found = np.flatnonzero((contents.labelled_in >= 0) & (contents.doubt > 0.5))
    return found[np.argsort(-contents.doubt[found], kind="stable")]


def expected_wrong(contents: Contents) -> int | None:
    """Say how many pseudo-labels are probably wrong; None where no folds measured it."""
    if contents.probability is None:
        return None
    probability = contents.probability[contents.pseudo_labelled]
    known = ~np.isnan(probability)
    if not known.any():
        return None
    return round(float((1 - probability[known]).mean() * len(probability)))
