"""The report: tables, figures and claims as one HTML page that needs no other file."""

from __future__ import annotations

import base64
import html
import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from keras_selflearn.reproduction import formats
from keras_selflearn.reproduction.claims import check_claims
from keras_selflearn.reproduction.table import ResultTable

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 75rem; margin: 2rem auto; padding: 0 1rem;
  color: #1b1b1b; background: #fff; }
table { border-collapse: collapse; font-size: 0.9rem; }
.scroll { overflow-x: auto; }
th, td { padding: 0.3rem 0.6rem; border-bottom: 1px solid #ccc; text-align: right;
  white-space: nowrap; }
thead th { border-bottom: 2px solid #1b1b1b; text-align: center; }
tbody th { text-align: left; font-weight: normal; }
.claims td, .claims th { text-align: left; white-space: normal; vertical-align: top; }
pre { white-space: pre-wrap; }
img { max-width: 100%; height: auto; }
figcaption { font-size: 0.9rem; }
"""


@dataclass(frozen=True)
class Section:
    """One data set's part of the report.

    Attributes
    ----------
    table : ResultTable
    notes : str
        What the user says of the results; may be empty.
    description : sequence of str
        What was run.
    figures : sequence of (caption, path of a PNG)
    """

    table: ResultTable
    notes: str
    description: Sequence[str]
    figures: Sequence[tuple[str, Path]]


def report_page(title: str, sections: Sequence[Section]) -> str:
    """The page, with the pictures inside."""
    body = "\n".join(_section(section) for section in sections)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<h1>{html.escape(title)}</h1>\n"
        "<p>Ours: measured, mean \N{PLUS-MINUS SIGN} sample standard deviation of test accuracy in"
        f" percent (number of runs); {formats.NOTHING}: no run. Paper: as published by Sahito,"
        f" Frank and Pfahringer (2020).</p>\n{body}\n</body>\n</html>\n"
    )


def _section(section: Section) -> str:
    published = section.table.published
    parts = [f"<h2>Table {published.table}: {html.escape(published.title)}</h2>"]
    parts += [_note(text) for text in section.notes.split("\n\n") if text]
    lines = "".join(f"<li>{html.escape(line)}</li>" for line in section.description)
    parts += [
        f"<ul>{lines}</ul>",
        f'<div class="scroll">{formats.html_table(section.table)}</div>',
        "<h3>What the paper concludes, checked against these runs</h3>",
        f'<div class="scroll">{formats.claims_html(check_claims(section.table))}</div>',
    ]
    parts += [_figure(caption, path) for caption, path in section.figures]
    return "\n".join(parts)


def _note(text: str) -> str:
    """A paragraph of Markdown, or a block of code, as far as notes need it."""
    if text.startswith("    "):
        return f"<pre>{html.escape(textwrap.dedent(text))}</pre>"
    with_bold = re.sub(r"[*][*](.+?)[*][*]", r"<strong>\1</strong>", html.escape(text))
    return f"<p>{with_bold}</p>"


def _figure(caption: str, path: Path) -> str:
    content = base64.b64encode(path.read_bytes()).decode("ascii")
    text = html.escape(caption)
    return (
        f'<figure><img src="data:image/png;base64,{content}" alt="{text}">'
        f"<figcaption>{text}</figcaption></figure>"
    )
