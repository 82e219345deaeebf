"""The confusion matrix, and the number of labelled images by meta-iteration, as tables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from keras_selflearn.runs.page.counts import confusions
from keras_selflearn.runs.page.markers import class_looks
from keras_selflearn.runs.page.templates import render

# A larger matrix is more than a page can hold.
_MOST_CLASSES = 60
_MOST_CONFUSIONS = 20
_SHADES = 8


def confusion_table(
    matrix: np.ndarray, class_names: Sequence[str], image: str = "test image"
) -> Markup:
    """Render the matrix, the most frequent confusions, and the share right of each class.

    `image` names what is counted.
    """
    classes = class_looks(class_names)
    totals = matrix.sum(axis=1).tolist()
    whole = len(matrix) <= _MOST_CLASSES
    return render(
        "confusion.html",
        classes=classes,
        whole=whole,
        rows=list(zip(classes, matrix.tolist(), totals)) if whole else [],
        shares=list(zip(classes, matrix.diagonal().tolist(), totals)),
        totals=totals,
        image=image,
        confusions=[
            (classes[true], classes[predicted], number)
            for true, predicted, number in confusions(matrix, _MOST_CONFUSIONS)
        ],
        shade=_shade,
    )


def labelled_table(counts: np.ndarray, class_names: Sequence[str]) -> Markup:
    """Render the number of images by label and meta-iteration; see `labelled_counts`."""
    return render(
        "labelled.html",
        rows=list(zip(class_looks(class_names), counts.tolist())),
        totals=counts.sum(axis=0).tolist(),
        most=max(int(counts[:, 1:].max(initial=0)), 1),
        shade=_shade,
    )


def _shade(number: int, most: int) -> str:
    """Choose the style class of a cell's colour, by its share of `most`."""
    return f"shade{-(-number * _SHADES // most)}"
