"""The page of a run: one HTML file that needs no other file and no network."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files
from pathlib import Path

import numpy as np
from markupsafe import Markup

from keras_selflearn.runs.page import summary, text
from keras_selflearn.runs.page.contents import Contents
from keras_selflearn.runs.page.counts import confusion_matrix, labelled_counts
from keras_selflearn.runs.page.curves import Series, chart
from keras_selflearn.runs.page.doubtful import doubtful, doubtful_list
from keras_selflearn.runs.page.gallery import gallery
from keras_selflearn.runs.page.highlights import Extremes, extremes, likely_mistakes
from keras_selflearn.runs.page.markers import definitions
from keras_selflearn.runs.page.mistakes import mistakes_list
from keras_selflearn.runs.page.scatter import points_data, points_to_show, scatter
from keras_selflearn.runs.page.tables import confusion_table, labelled_table
from keras_selflearn.runs.page.templates import render
from keras_selflearn.runs.page.thumbnails import make_thumbnails
from keras_selflearn.runs.page.unlike import MOST, most_unlike, unlike_list
from keras_selflearn.runs.record import RunRecord
from keras_selflearn.storage.files import write_whole

_MOST_OF_A_CLASS, _MOST_OF_ALL = 8, 400
_MOST_MISTAKES = 200
# At about two bits a pixel, the page has a few megabytes.
_PIXELS_OF_CARDS, _PIXELS_OF_POINTS = 6e6, 3.4e6


# The name of a section, its heading, and what is in it.
Section = tuple[str, str, Markup]


def write_page(path: Path, contents: Contents) -> Path:
    """Write the page and return its path.

    Raises
    ------
    InputError
        When the page can't be written; see `write_whole`.
    """
    return write_whole(path, page(contents))


def page(contents: Contents) -> str:
    """Render the page; equal contents give equal pages."""
    run = contents.run
    n_classes = len(contents.class_names)
    most = min(_MOST_OF_A_CLASS, max(_MOST_OF_ALL // n_classes, 1))
    found = extremes(contents.labels, contents.labelled_in, contents.confidence, n_classes, most)
    has_doubt = contents.doubt is not None
    mistakes = doubtful(contents) if has_doubt else likely_mistakes(contents)
    first = mistakes[:_MOST_MISTAKES]
    unlike = most_unlike(contents)
    of_cards = make_thumbnails(
        contents.images,
        _images_of_cards(
            contents,
            found,
            first if has_doubt else contents.pseudo_labelled[first],
            unlike[:MOST],
        ),
        "card",
        _PIXELS_OF_CARDS,
    )
    seed = run.config.seed
    points = points_to_show(contents, seed)
    of_points = make_thumbnails(
        contents.test_images if contents.embedded.of == "test" else contents.images,
        contents.embedded.indices[points],
        "point",
        _PIXELS_OF_POINTS,
    )
    sections: list[Section | None] = [_accuracy(contents)]
    if has_doubt:
        listed = doubtful_list(contents, first, of_cards)
        sections.append(("mistakes-section", "Doubtful labels", listed))
    elif len(contents.pseudo_labelled):
        listed = mistakes_list(contents, first, len(mistakes), of_cards)
        sections.append(("mistakes-section", "Likely mistakes", listed))
    if len(unlike):
        listed = unlike_list(contents, unlike, of_cards)
        sections.append(("unlike", "None of the classes?", listed))
    if len(contents.pseudo_labelled):
        sections += [
            ("pseudo-labels", "Most and least confident", gallery(contents, found, of_cards)),
        ]
    sections += [
        _confusion(contents),
        ("embedding", "Embedding", scatter(contents, points, seed)),
        _labelled(contents),
    ]
    script = _asset("page.js")
    rendered = render(
        "page.html",
        title=summary.title(run),
        script_digest=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        style=Markup(f"{_asset('page.css')}\n{of_cards.style}\n{of_points.style}"),
        script=Markup(script),
        shapes=definitions(),
        paragraph=summary.paragraph(contents),
        tiles=summary.tiles(contents),
        sections=[each for each in sections if each],
        made_with=summary.made_with(run),
        settings=summary.settings(run),
        points=text.as_json(points_data(contents, points, of_points)),
    )
    return str(rendered)


def _asset(name: str) -> str:
    return files("keras_selflearn.runs.page").joinpath("assets", name).read_text(encoding="utf-8")


def _images_of_cards(
    contents: Contents, found: list[Extremes], first: np.ndarray, unlike: np.ndarray
) -> np.ndarray:
    """List the training images on cards, and their nearest labelled images."""
    parts = [first, unlike]
    parts += [part for each in found for part in (each.most, each.least)]
    images = np.concatenate(parts)
    nearest = contents.nearest[images]
    return np.concatenate([images, nearest[nearest >= 0]])


def _accuracy(contents: Contents) -> Section:
    run = contents.run
    reason = None
    if not len(contents.pseudo_labelled):
        reason = next(iter(summary.why_it_ended(run)), f"Regime {run.config.regime}.")
    charts = None
    if len(summary.accuracies(run)[0]) > 1:
        charts = [_test_chart(run), _pseudo_label_chart(run)]
    return "accuracy", "Accuracy", render("accuracy.html", reason=reason, charts=charts)


def _test_chart(run: RunRecord) -> Markup | None:
    values, estimated = summary.accuracies(run)
    if all(value is None for value in values):
        return None
    folds = run.cross_validation
    if estimated and folds:
        says = [
            f"meta-iteration {i}: {text.percent(value or 0)} \N{PLUS-MINUS SIGN} {each or 0:.1f}"
            for i, (value, each) in enumerate(zip(values, folds.spread))
        ]
        heading = (
            "Accuracy, estimated by cross-validation on the labelled images (bars: deviation over"
            f" {text.count(folds.folds, 'fold')})"
        )
        return chart([Series("estimated accuracy", values, says, folds.spread)], heading)
    says = [
        f"meta-iteration {i}: {text.percent(each.test_accuracy or 0)} of the test images right,"
        f" after training on {text.count(each.labelled, 'image')}"
        for i, each in enumerate(run.history)
    ]
    heading = f"Accuracy on the {text.count(run.data.test, 'test image')}"
    return chart([Series("test accuracy", values, says)], heading)


def _pseudo_label_chart(run: RunRecord) -> Markup:
    figures = {
        "selected": [(each.selected_accuracy, each.selected) for each in run.history],
        "all that were predicted": [
            (each.unlabelled_accuracy, each.selected + each.remaining) for each in run.history
        ],
    }
    series = [
        Series(
            name,
            [accuracy for accuracy, _ in values],
            [
                f"meta-iteration {i}, {name}: {text.percent(accuracy or 0)} of"
                f" {text.count(number)} right"
                for i, (accuracy, number) in enumerate(values)
            ],
        )
        for name, values in figures.items()
    ]
    if all(value is None for each in series for value in each.values):
        return Markup()
    return chart(series, "Accuracy of the pseudo-labels")


def _confusion(contents: Contents) -> Section | None:
    if not len(contents.test_labels):
        return _confusion_of_folds(contents)
    names = contents.class_names
    matrix = confusion_matrix(contents.test_labels, contents.test_predicted, len(names))
    number = int(matrix.sum())
    says = (
        f"The final model labels {text.share(int(np.trace(matrix)), number)} of"
        f" {text.count(number, 'test image')} right."
    )
    if contents.by_distance and contents.run.config.validation_features == "standardised":
        says += (
            " The accuracy above was measured on standardised embeddings (--validation_features)."
            " This table shows what the classifier itself predicts."
        )
    inside = Markup("<p>{}</p>").format(says) + confusion_table(matrix, names)
    return "confusion", "Confusion matrix", inside


def _confusion_of_folds(contents: Contents) -> Section | None:
    if not len(contents.fold_labels):
        return None
    names = contents.class_names
    matrix = confusion_matrix(contents.fold_labels, contents.fold_predicted, len(names))
    number = int(matrix.sum())
    says = (
        f"There are no test images. Each fold held a part of the labelled images out, and labelled"
        f" {text.share(int(np.trace(matrix)), number)} of {text.count(number, 'labelled image')}"
        " right."
    )
    inside = Markup("<p>{}</p>").format(says) + confusion_table(matrix, names, "labelled image")
    return "confusion", "Confusion matrix", inside


def _labelled(contents: Contents) -> Section | None:
    if not len(contents.pseudo_labelled):
        return None
    counts = labelled_counts(
        contents.labels,
        contents.labelled_in,
        len(contents.class_names),
        len(contents.run.history) - 1,
    )
    return "labelled", "Labelled when", labelled_table(counts, contents.class_names)
