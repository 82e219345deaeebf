"""The page of a run: one HTML file that needs no other, and no network."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files
from pathlib import Path
from string import Template

import numpy as np

from keras_selflearn.runs.page import summary, text
from keras_selflearn.runs.page.cards import Cards
from keras_selflearn.runs.page.chosen import Extremes, extremes, likely_mistakes
from keras_selflearn.runs.page.contents import Contents
from keras_selflearn.runs.page.counts import confusion_matrix, labelled_counts
from keras_selflearn.runs.page.curves import Series, chart
from keras_selflearn.runs.page.gallery import gallery
from keras_selflearn.runs.page.markers import definitions
from keras_selflearn.runs.page.mistakes import mistakes_list
from keras_selflearn.runs.page.scatter import points_data, scatter, shown_points
from keras_selflearn.runs.page.tables import confusion_table, labelled_table
from keras_selflearn.runs.page.thumbnails import make_thumbnails
from keras_selflearn.storage.files import write_whole

_MOST_OF_A_CLASS, _MOST_OF_ALL = 8, 400
_MOST_MISTAKES = 200
# About two bits each make a page of a few megabytes.
_PIXELS_OF_CHOSEN, _PIXELS_OF_POINTS = 6e6, 3.4e6


def write_page(path: Path, contents: Contents) -> Path:
    """Write the page and return its path.

    Raises
    ------
    InputError
        When it can't be written; see `write_whole`.
    """
    return write_whole(path, page(contents))


def page(contents: Contents) -> str:
    """The page as HTML; of the same contents always the same."""
    run = contents.run
    n_classes = len(contents.class_names)
    most = min(_MOST_OF_A_CLASS, max(_MOST_OF_ALL // n_classes, 1))
    found = extremes(contents.labels, contents.labelled_in, contents.confidence, n_classes, most)
    mistakes = likely_mistakes(contents)
    shown = _shown(contents, found, mistakes[:_MOST_MISTAKES])
    chosen = make_thumbnails(contents.images, shown, "chosen", _PIXELS_OF_CHOSEN)
    seed = run["config"]["seed"]
    points = shown_points(contents, seed)
    of_points = make_thumbnails(
        contents.test_images if contents.embedded.of == "test" else contents.images,
        contents.embedded.indices[points],
        "point",
        _PIXELS_OF_POINTS,
    )
    cards = Cards(contents, chosen)
    sections = [_accuracy(contents)]
    if len(contents.pseudo_labelled):
        listed = mistakes_list(contents, mistakes[:_MOST_MISTAKES], len(mistakes), cards)
        sections += [
            ("mistakes-section", "Likely mistakes", listed),
            ("pseudo-labels", "Most and least confident", gallery(contents, found, cards)),
        ]
    sections += [
        _confusion(contents),
        ("embedding", "Embedding", scatter(contents, points, seed)),
        _labelled(contents),
    ]
    sections = [each for each in sections if each]
    style = _asset("page.css")
    script = _asset("page.js")
    return Template(_asset("page.html")).substitute(
        title=text.escape(summary.title(run)),
        script_digest=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        style=f"{style}\n{chosen.style}\n{of_points.style}",
        script=script,
        definitions=definitions(),
        paragraph=summary.paragraph(contents),
        tiles="".join(
            f"<div><dd>{text.escape(value)}</dd><dt>{text.escape(what)}</dt></div>"
            for value, what in summary.tiles(contents)
        ),
        links="".join(f'<li><a href="#{name}">{heading}</a></li>' for name, heading, _ in sections),
        sections="\n".join(
            f'<section id="{name}" aria-labelledby="{name}-heading"><h2 id="{name}-heading">'
            f"{heading}</h2>{inside}</section>"
            for name, heading, inside in sections
        ),
        made_with=_definitions_list(summary.made_with(run)),
        settings=_definitions_list(summary.settings(run)),
        points=text.as_json(points_data(contents, points, of_points)),
    )


def _asset(name: str) -> str:
    return files("keras_selflearn.runs.page").joinpath("assets", name).read_text(encoding="utf-8")


def _shown(contents: Contents, found: list[Extremes], mistakes: np.ndarray) -> np.ndarray:
    """Training images that the page shows, and those that they were matched to."""
    parts = [contents.pseudo_labelled[mistakes]]
    parts += [part for each in found for part in (each.most, each.least)]
    shown = np.concatenate(parts)
    matched = contents.matched[shown]
    return np.concatenate([shown, matched[matched >= 0]])


def _accuracy(contents: Contents) -> tuple[str, str, str]:
    inside = ""
    if not len(contents.pseudo_labelled):
        reasons = summary.why_it_ended(contents.run)
        reason = reasons[0] if reasons else f"Regime {contents.run['config']['regime']}."
        inside = f"<p>Nothing was pseudo-labelled. {text.escape(reason)}</p>"
    if len(summary.accuracies(contents.run)[0]) > 1:
        charts = f"{_test_chart(contents)}{_pseudo_label_chart(contents)}"
        inside += f'<div class="pair">{charts}</div>'
    return "accuracy", "Accuracy", inside


def _test_chart(contents: Contents) -> str:
    run = contents.run
    values, estimated = summary.accuracies(run)
    if all(value is None for value in values):
        return "<p>There were no test images, so accuracy over the meta-iterations is unknown.</p>"
    labelled = [record["labelled"] for record in run["history"]]
    spread = run["cross_validation"]["spread"] if estimated else None
    if estimated:
        says = [
            f"meta-iteration {i}: {text.percent(value or 0)} \N{PLUS-MINUS SIGN} {each or 0:.1f}"
            for i, (value, each) in enumerate(zip(values, spread))
        ]
        folds = text.count(run["cross_validation"]["folds"], "fold")
        heading = (
            "Accuracy, estimated by cross-validation on the labelled images (bars: deviation over"
            f" {folds})"
        )
        return chart([Series("estimated accuracy", values, says, spread)], heading)
    says = [
        f"meta-iteration {i}: {text.percent(value or 0)} of the test images right, after training"
        f" on {text.count(number, 'image')}"
        for i, (value, number) in enumerate(zip(values, labelled))
    ]
    heading = f"Accuracy on the {text.count(run['data']['test'], 'test image')}"
    return chart([Series("test accuracy", values, says)], heading)


def _pseudo_label_chart(contents: Contents) -> str:
    history = contents.run["history"]
    series = [
        Series(
            name,
            [record[key] for record in history],
            [
                f"meta-iteration {record['meta_iteration']}, {name}:"
                f" {text.percent(record[key] or 0)} of {text.count(of(record))} right"
                for record in history
            ],
        )
        for key, name, of in (
            ("selected_accuracy", "chosen", lambda record: record["selected"]),
            (
                "unlabelled_accuracy",
                "all that were predicted",
                lambda record: record["selected"] + record["remaining"],
            ),
        )
    ]
    if all(value is None for each in series for value in each.values):
        return ""
    return chart(series, "Accuracy of the pseudo-labels")


def _confusion(contents: Contents) -> tuple[str, str, str] | None:
    if not len(contents.test_labels):
        return None
    matrix = confusion_matrix(
        contents.test_labels, contents.test_predicted, len(contents.class_names)
    )
    right = text.share(int(np.trace(matrix)), int(matrix.sum()))
    inside = (
        f"<p>The final model labels {right} of {text.count(int(matrix.sum()), 'test image')} right."
    )
    config = contents.run["config"]
    if contents.by_distance and config["validation_features"] == "standardised":
        inside += (
            " The accuracy above was measured on standardised embeddings, as asked; this table is"
            " of what the classifier predicts."
        )
    inside += f"</p>{confusion_table(matrix, contents.class_names)}"
    return "confusion", "Confusion matrix", inside


def _labelled(contents: Contents) -> tuple[str, str, str] | None:
    if not len(contents.pseudo_labelled):
        return None
    counts = labelled_counts(
        contents.labels,
        contents.labelled_in,
        len(contents.class_names),
        len(contents.run["history"]) - 1,
    )
    return "labelled", "Labelled when", labelled_table(counts, contents.class_names)


def _definitions_list(entries: list[tuple[str, str]]) -> str:
    return "".join(
        f"<div><dt>{text.escape(what)}</dt><dd>{text.name(value)}</dd></div>"
        for what, value in entries
    )
