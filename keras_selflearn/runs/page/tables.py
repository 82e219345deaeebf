"""The confusion matrix, and how many were labelled when, as HTML tables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from keras_selflearn.runs.page import text
from keras_selflearn.runs.page.cards import class_label
from keras_selflearn.runs.page.counts import confusions
from keras_selflearn.runs.page.markers import codes

# A larger matrix is more than a page can hold.
_MOST_CLASSES = 60
_MOST_CONFUSIONS = 20
_SHADES = 8


def confusion_table(matrix: np.ndarray, class_names: Sequence[str]) -> str:
    """The matrix, what is confused most, and the share right of each class."""
    parts = [_frequent(matrix, class_names), _matrix(matrix, class_names)]
    if len(matrix) > _MOST_CLASSES:
        parts[1] = (
            f"<p>With {len(matrix)} classes the whole matrix would be too large for a page; these"
            " are the shares of each class.</p>" + _shares(matrix, class_names)
        )
    return "".join(parts[::-1])


def _matrix(matrix: np.ndarray, class_names: Sequence[str]) -> str:
    coded = codes(class_names)
    head = "".join(
        f'<th scope="col" title="{text.escape(name)}">{text.name(code)}</th>'
        for code, name in zip(coded, class_names)
    )
    rows = []
    for true, row in enumerate(matrix):
        total = int(row.sum())
        cells = "".join(
            _cell(class_names, true, predicted, int(number), total)
            for predicted, number in enumerate(row)
        )
        right = text.share(int(row[true]), total) if total else ""
        header = f'<th scope="row">{class_label(class_names, true)}</th>'
        rows.append(f"<tr data-row>{header}{cells}<td>{right}</td></tr>")
    return (
        '<div class="scroll" tabindex="0" role="region" aria-label="Confusion matrix" data-points'
        ' aria-describedby="keys"><table class="matrix"><caption><span>Rows: the true class.'
        " Columns: the predicted class.</span></caption>"
        f'<thead><tr><th scope="col">true class</th>{head}'
        f'<th scope="col">right</th></tr></thead><tbody>{"".join(rows)}</tbody></table></div>'
    )


def _cell(class_names: Sequence[str], true: int, predicted: int, number: int, total: int) -> str:
    shade = -(-number * _SHADES // total) if total else 0
    kind = "right" if true == predicted else "wrong"
    says = f"{class_names[true]}, predicted {class_names[predicted]}: {number} of {total}"
    style = f' class="{kind} shade{shade}"' if number else ' class="zero"'
    return f'<td{style} data-tip="{text.escape(says)}">{number}</td>'


def _frequent(matrix: np.ndarray, class_names: Sequence[str]) -> str:
    found = confusions(matrix, _MOST_CONFUSIONS)
    if not found:
        return "<p>No test image was labelled wrongly.</p>"
    rows = "".join(
        f"<tr><td>{class_label(class_names, true)}</td><td>{class_label(class_names, predicted)}"
        f"</td><td>{text.count(number)}</td>"
        f"<td>{text.share(number, int(matrix[true].sum()))}</td></tr>"
        for true, predicted, number in found
    )
    return (
        "<details><summary><h3>What is confused most</h3></summary>"
        '<div class="scroll" tabindex="0" role="region" aria-label="What is confused most"><table>'
        '<thead><tr><th scope="col">true class</th><th scope="col">predicted</th>'
        '<th scope="col">images</th><th scope="col">of the class</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div></details>"
    )


def _shares(matrix: np.ndarray, class_names: Sequence[str]) -> str:
    rows = "".join(
        f'<tr><th scope="row">{class_label(class_names, label)}</th>'
        f"<td>{text.count(int(row.sum()))}</td><td>{text.count(int(row[label]))}</td>"
        f"<td>{text.share(int(row[label]), int(row.sum())) if row.any() else ''}</td></tr>"
        for label, row in enumerate(matrix)
    )
    return (
        '<div class="scroll tall" tabindex="0" role="region" aria-label="Right in each class">'
        '<table><thead><tr><th scope="col">class</th><th scope="col">test images</th>'
        f'<th scope="col">right</th><th scope="col">share</th></tr></thead><tbody>{rows}</tbody>'
        "</table></div>"
    )


def labelled_table(counts: np.ndarray, class_names: Sequence[str]) -> str:
    """How many got each label in each meta-iteration; see `labelled_counts`."""
    head = "".join(f'<th scope="col">{number}</th>' for number in range(1, counts.shape[1]))
    most = max(int(counts[:, 1:].max(initial=0)), 1)
    rows = "".join(
        f'<tr><th scope="row">{class_label(class_names, label)}</th>{_counts(row, most)}</tr>'
        for label, row in enumerate(counts)
    )
    totals = _counts(counts.sum(axis=0), None)
    return (
        '<div class="scroll tall" tabindex="0" role="region" aria-label="Labelled images"><table'
        ' class="matrix"><caption><span>Rows: the label. Columns: the meta-iteration in which it'
        " was given.</span></caption>"
        '<thead><tr><th scope="col">label</th><th scope="col">given</th>'
        f'{head}<th scope="col">in all</th></tr></thead><tbody>{rows}</tbody><tfoot><tr>'
        f'<th scope="row">in all</th>{totals}</tr></tfoot></table></div>'
    )


def _counts(row: np.ndarray, most: int | None) -> str:
    given, *chosen = (int(number) for number in row)
    cells = [f"<td>{text.count(given)}</td>"]
    for number in chosen:
        shade = (
            "zero" if not number else f"right shade{-(-number * _SHADES // most)}" if most else ""
        )
        cells.append(f'<td class="{shade}">{text.count(number)}</td>')
    return "".join(cells) + f"<td>{text.count(given + sum(chosen))}</td>"
