"""The embedding before and after as two scatters whose points show their images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_selflearn.runs.page import text
from keras_selflearn.runs.page.cards import class_label, class_options
from keras_selflearn.runs.page.contents import Contents
from keras_selflearn.runs.page.markers import codes, look, marker, shape
from keras_selflearn.runs.page.thumbnails import Thumbnails
from keras_selflearn.runs.projection import choose_points, obstacle, project

_MOST_POINTS = 500
_SIDE, _MARGIN = 560, 16
# With more classes their codes would cover the points.
_MOST_CODES = 60
_CODE_WIDTH, _CODE_HEIGHT = 13, 20
_MOST_LISTED = 20


def shown_points(contents: Contents, seed: int) -> np.ndarray:
    """Positions, ascending, in the arrays of `embedded`; as many of each class as it has."""
    labels = _labels(contents)
    n_classes = len(contents.class_names)
    labels = np.where(labels < 0, n_classes, labels)
    n_groups = n_classes + 1 if (labels == n_classes).any() else n_classes
    return choose_points(labels, n_groups, max(_MOST_POINTS, n_groups), seed)


def scatter(contents: Contents, points: np.ndarray, seed: int) -> str:
    """The section's HTML, with a panel before self-learning if there was any."""
    embedded = contents.embedded
    labels = _labels(contents)[points]
    panels = [("At the end", embedded.after[points])]
    if len(contents.pseudo_labelled):
        panels.insert(0, ("Before self-learning", embedded.before[points]))
    drawn = "".join(_panel(contents, title, points, each, seed) for title, each in panels)
    present = [label for label in np.unique(labels).tolist() if label >= 0]
    legend = "".join(f"<li>{class_label(contents.class_names, each)}</li>" for each in present)
    if (labels < 0).any():
        legend += f"<li>{marker(-1)}unlabelled</li>"
    whole = len(embedded.indices)
    some = f"{len(points)} of the {text.count(whole)}" if len(points) < whole else f"The {whole}"
    options = class_options(contents.class_names, present)
    return (
        f"<p>{some} embedded {embedded.of}{'ing' if embedded.of == 'train' else ''} images, drawn"
        " by t-SNE: near means alike, and neither directions nor distances between groups mean"
        f" anything. A point shows its image{', also in the other picture' * (len(panels) - 1)}."
        f"{_meaning(contents)}</p>"
        '<p class="controls" hidden><label>Highlight <select data-highlight>'
        f'<option value="">all classes</option>{options}</select></label></p>'
        f'<div class="pair">{drawn}</div>{_folded(legend, len(present))}'
    )


def _folded(legend: str, number: int) -> str:
    listed = f'<ul class="legend">{legend}</ul>'
    if number <= _MOST_LISTED:
        return listed
    return f"<details><summary>The {number} classes</summary>{listed}</details>"


def points_data(contents: Contents, points: np.ndarray, thumbnails: Thumbnails) -> list[Any]:
    """For each point: the style class and place of its thumbnail, and what it says."""
    indices = contents.embedded.indices[points]
    return [[*thumbnails.places[int(i)], _says(contents, int(i))] for i in indices]


def _labels(contents: Contents) -> np.ndarray:
    """(k,) int64: the class that each embedded image is drawn as."""
    embedded = contents.embedded
    of = contents.test_labels if embedded.of == "test" else contents.labels
    return of[embedded.indices]


def _meaning(contents: Contents) -> str:
    if contents.embedded.of == "test":
        return " Shapes are the true classes; an outlined point is labelled wrongly at the end."
    return " Shapes are the labels at the end of the run, given or predicted."


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
    contents: Contents, title: str, points: np.ndarray, embeddings: np.ndarray, seed: int
) -> str:
    reason = obstacle(embeddings)
    if reason:
        inside = f"<p>It can't be drawn: {reason}.</p>"
        return f'<figure class="scatter"><figcaption>{title}</figcaption>{inside}</figure>'
    places = to_page(project(embeddings, seed))
    labels = _labels(contents)[points]
    wrong = np.zeros(len(points), bool)
    if contents.embedded.of == "test":
        wrong = contents.test_predicted[contents.embedded.indices[points]] != labels
    groups = []
    for label in np.unique(labels).tolist():
        members = np.flatnonzero(labels == label)
        uses = "".join(
            f'<use href="{shape(label)}" x="{places[i, 0]:.1f}" y="{places[i, 1]:.1f}"'
            f' data-i="{i}" class="{"wrong" if wrong[i] else "right"}"/>'
            for i in members[np.argsort(places[members, 0], kind="stable")]
        )
        groups.append(f'<g class="{look(label)}" data-row data-class="{label}">{uses}</g>')
    return (
        f'<figure class="scatter"><figcaption>{title}</figcaption>'
        f'<svg viewBox="0 0 {_SIDE} {_SIDE}" tabindex="0" role="application" data-points'
        f' aria-roledescription="scatter plot" aria-label="{title}" aria-describedby="keys">'
        f"{''.join(groups)}{_names(places, labels, codes(contents.class_names))}</svg></figure>"
    )


def to_page(points: np.ndarray) -> np.ndarray:
    """Points (n, 2) within the square of a panel, with one scale both ways."""
    low, high = points.min(axis=0), points.max(axis=0)
    scale = (_SIDE - 2 * _MARGIN) / max(float((high - low).max()), 1e-12)
    return _SIDE / 2 + (points - (low + high) / 2) * scale


def _names(places: np.ndarray, labels: np.ndarray, coded: Sequence[str]) -> str:
    """The codes over the medians of their points, as far as they leave each other room."""
    if len(coded) > _MOST_CODES:
        return ""
    kept: list[np.ndarray] = []
    parts = []
    for label in np.unique(labels[labels >= 0]).tolist():
        middle = np.median(places[labels == label], axis=0)
        room = _CODE_WIDTH * len(coded[label]), _CODE_HEIGHT
        if all((np.abs(middle - other) > room).any() for other in kept):
            kept.append(middle)
            parts.append(
                f'<text x="{middle[0]:.1f}" y="{middle[1]:.1f}">{text.escape(coded[label])}</text>'
            )
    return f'<g class="codes" aria-hidden="true">{"".join(parts)}</g>'
