"""Renders tables, figures and claims as one HTML page that needs no other file."""

from __future__ import annotations

import base64
import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from keras_selflearn.reproduction import formats
from keras_selflearn.reproduction.claims import check_claims
from keras_selflearn.reproduction.table import ResultTable
from keras_selflearn.runs.page.templates import render
from keras_selflearn.runs.page.text import escape


@dataclass(frozen=True)
class Section:
    """The part of the report on one data set.

    Attributes
    ----------
    table : ResultTable
    notes : str
        The user's notes on the results; may be empty.
    description : sequence of str
        What was run.
    figures : sequence of (caption, path of a PNG)
    """

    table: ResultTable
    notes: str
    description: Sequence[str]
    figures: Sequence[tuple[str, Path]]


def report_page(title: str, sections: Sequence[Section]) -> str:
    """Render the page, with the pictures inside."""
    page = render(
        "report.html",
        package="keras_selflearn.reproduction",
        title=title,
        nothing=formats.NOTHING,
        sections=sections,
        html_table=formats.html_table,
        html_claims=lambda table: formats.claims_html(check_claims(table)),
        html_notes=_notes,
        base64=lambda path: base64.b64encode(path.read_bytes()).decode("ascii"),
    )
    return str(page)


def _notes(text: str) -> Markup:
    """Render paragraphs of Markdown: bold words and blocks of code."""
    return Markup("\n").join(_note(each) for each in text.split("\n\n") if each)


def _note(text: str) -> Markup:
    if text.startswith("    "):
        return Markup("<pre>{}</pre>").format(textwrap.dedent(text))
    with_bold = re.sub(r"[*][*](.+?)[*][*]", r"<strong>\1</strong>", str(escape(text)))
    return Markup(f"<p>{with_bold}</p>")
