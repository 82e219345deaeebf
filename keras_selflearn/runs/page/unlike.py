"""Images that are unlike all labelled ones: they may be of none of the classes."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup

from keras_selflearn.runs.page.cards import make_card
from keras_selflearn.runs.page.contents import Contents
from keras_selflearn.runs.page.markers import class_looks
from keras_selflearn.runs.page.templates import render
from keras_selflearn.runs.page.thumbnails import Thumbnails

# Of images that are like the labelled ones, about one in twenty is beyond this, too.
LEAST = 0.95
MOST = 24


def most_unlike(contents: Contents) -> np.ndarray:
    """Find the training images beyond `LEAST`, the most unlike first."""
    if contents.unlike is None:
        return np.empty(0, np.int64)
    found = np.flatnonzero(np.nan_to_num(contents.unlike, nan=0.0) >= LEAST)
    return found[np.argsort(-contents.unlike[found], kind="stable")]


def unlike_list(contents: Contents, indices: np.ndarray, thumbnails: Thumbnails) -> Markup:
    """Render the section.

    Parameters
    ----------
    contents : Contents
    indices : (k,) integers
        See `most_unlike`; not empty.
    thumbnails : Thumbnails
        Of the first `MOST` of them.
    """
    looks = class_looks(contents.class_names)
    items = [
        (
            looks[contents.labels[index]] if contents.labels[index] >= 0 else None,
            make_card(contents, thumbnails, int(index)),
        )
        for index in indices[:MOST]
    ]
    return render("unlike.html", items=items, number=len(indices), least=LEAST)
