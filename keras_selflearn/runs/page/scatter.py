"""The embedding before and after self-learning, as two scatter plots that show the images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from markupsafe import Markup

from keras_selflearn.runs.page import text
from keras_selflearn.runs.page.contents import Contents
from keras_selflearn.runs.page.markers import class_looks, codes, look, marker, shape
from keras_selflearn.runs.page.templates import render
from keras_selflearn.runs.page.thumbnails import Thumbnails
from keras_selflearn.runs.projection import choose_points, obstacle, project

_MOST_POINTS = 500
_SIDE, _MARGIN = 560, 16
# With more classes, their codes would cover the points.
_MOST_CODES = 60
_CODE_WIDTH, _CODE_HEIGHT = 13, 20
_MOST_LISTED = 20


def points_to_show(contents: Contents, seed: int) -> np.ndarray:
    """Choose positions, ascending, in the arrays of `embedded`: equally many of each class."""
    labels = _labels(contents)
    n_classes = len(contents.class_names)
    labels = np.where(labels < 0, n_classes, labels)
    n_groups = n_classes + 1 if (labels == n_classes).any() else n_classes
    return choose_points(labels, n_groups, _MOST_POINTS, seed)


def scatter(contents: Contents, points: np.ndarray, seed: int) -> Markup:
    """Render the section; a run without self-learning has one plot."""
    embedded = contents.embedded
    labels = _labels(contents)[points]
    panels = [_panel("At the end", contents, points, embedded.after[points], seed)]
    if len(contents.pseudo_labelled):
        before = embedded.before[points]
        panels.insert(0, _panel("Before self-learning", contents, points, before, seed))
    classes = class_looks(contents.class_names)
    return render(
        "scatter.html",
        side=_SIDE,
        of=embedded.of,
        whole=len(embedded.indices),
        number=len(points),
        panels=panels,
        classes=[classes[label] for label in np.unique(labels).tolist() if label >= 0],
        unlabelled=marker(-1) if (labels < 0).any() else "",
        most_listed=_MOST_LISTED,
    )


def points_data(contents: Contents, points: np.ndarray, thumbnails: Thumbnails) -> list[Any]:
    """List the style class and place of each point's thumbnail, and the point's words."""
    indices = contents.embedded.indices[points]
    return [[*thumbnails.places[int(i)], _says(contents, int(i))] for i in indices]


def to_page(points: np.ndarray) -> np.ndarray:
    """Move points (n, 2) into the square of a plot, with one scale both ways."""
    low, high = points.min(axis=0), points.max(axis=0)
    scale = (_SIDE - 2 * _MARGIN) / max(float((high - low).max()), 1e-12)
    return _SIDE / 2 + (points - (low + high) / 2) * scale


def _labels(contents: Contents) -> np.ndarray:
    """Return the class (k,) int64 that each embedded image is drawn as."""
    embedded = contents.embedded
    of = contents.test_labels if embedded.of == "test" else contents.labels
    return of[embedded.indices]


def _says(contents: Contents, index: int) -> str:
    names = contents.class_names
    if contents.embedded.of == "test":
        true, predicted = int(contents.test_labels[index]), int(contents.test_predicted[index])
        verdict = "right" if true == predicted else "\N{MULTIPLICATION X} wrong"
        says = f"Test image {index}: {names[true]}, predicted {names[predicted]} ({verdict})"
        return text.clean(says)
    path = "" if contents.paths is None else f" ({contents.paths[index]})"
    labelled_in = int(contents.labelled_in[index])
    if labelled_in < 0:
        return text.clean(f"Training image {index}{path}: unlabelled")
    how = f"pseudo-labelled in meta-iteration {labelled_in}" if labelled_in else "labelled at first"
    name = names[int(contents.labels[index])]
    return text.clean(f"Training image {index}{path}: {name}, {how}")


def _panel(
    title: str, contents: Contents, points: np.ndarray, embeddings: np.ndarray, seed: int
) -> dict[str, Any]:
    """Place the points of a plot, by class and from left to right, and the codes over them."""
    reason = obstacle(embeddings)
    if reason:
        return {"title": title, "obstacle": reason}
    places = to_page(project(embeddings, seed))
    labels = _labels(contents)[points]
    wrong = np.zeros(len(points), bool)
    if contents.embedded.of == "test":
        wrong = contents.test_predicted[contents.embedded.indices[points]] != labels
    groups = []
    for label in np.unique(labels).tolist():
        members = np.flatnonzero(labels == label)
        members = members[np.argsort(places[members, 0], kind="stable")]
        placed = [(f"{places[i, 0]:.1f}", f"{places[i, 1]:.1f}", i, wrong[i]) for i in members]
        groups.append((label, look(label), shape(label), placed))
    placed_codes = _place_codes(places, labels, codes(contents.class_names))
    return {"title": title, "obstacle": None, "groups": groups, "codes": placed_codes}


def _place_codes(
    places: np.ndarray, labels: np.ndarray, coded: Sequence[str]
) -> list[tuple[str, str, str]]:
    """Place codes over the medians of their points, if they leave each other room."""
    if len(coded) > _MOST_CODES:
        return []
    kept: list[np.ndarray] = []
    placed = []
    for label in np.unique(labels[labels >= 0]).tolist():
        middle = np.median(places[labels == label], axis=0)
        room = _CODE_WIDTH * len(coded[label]), _CODE_HEIGHT
        if all((np.abs(middle - other) > room).any() for other in kept):
            kept.append(middle)
            placed.append((f"{middle[0]:.1f}", f"{middle[1]:.1f}", coded[label]))
    return placed
