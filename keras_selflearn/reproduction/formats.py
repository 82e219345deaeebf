"""Writes a table as Markdown, LaTeX (booktabs), CSV or HTML."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from markupsafe import Markup

from keras_selflearn.paper import CELLS
from keras_selflearn.reproduction.claims import TEST, Claim, signed
from keras_selflearn.reproduction.markdown import markdown_table
from keras_selflearn.reproduction.table import Measured, ResultTable, Row
from keras_selflearn.runs.page.templates import render

NOTHING = "\N{EM DASH}"
_MINUS = "\N{MINUS SIGN}"
_PACKAGE = "keras_selflearn.reproduction"
_CLAIM_TITLES = ["The paper's claim", "Verdict", "Measured", f"Test ({TEST})"]


def markdown(table: ResultTable) -> str:
    """Write a Markdown table of ours (with the number of runs), the paper's, and the difference."""
    columns = [("Loss", "---"), ("Pretrained", "---")]
    for name in column_names(table):
        columns += [(each, "---:") for each in (f"{name}: ours", "paper", "difference")]
    return markdown_table(columns, [[*_row_names(row), *_cells(row)] for row in table.rows])


def html_table(table: ResultTable) -> Markup:
    """Render the same as an HTML table."""
    return render(
        "table.html",
        package=_PACKAGE,
        columns=column_names(table),
        rows=[(_row_names(row), _cells(row)) for row in table.rows],
    )


def latex(table: ResultTable) -> str:
    """Write a `tabular` that needs the package booktabs."""
    columns = column_names(table)
    lines = [
        "% Needs \\usepackage{booktabs}. Ours: mean and deviation over the runs (their number).",
        "\\begin{tabular}{ll" + "rrr" * len(columns) + "}",
        "\\toprule",
        " & & " + " & ".join(f"\\multicolumn{{3}}{{c}}{{{name}}}" for name in columns) + " \\\\",
        " ".join(f"\\cmidrule(lr){{{3 + 3 * k}-{5 + 3 * k}}}" for k in range(len(columns))),
        "Loss & Pretrained" + " & ours & paper & difference" * len(columns) + " \\\\",
        "\\midrule",
    ]
    for row in table.rows:
        cells = [cell.replace("±", "$\\pm$").replace(_MINUS, "$-$") for cell in _cells(row)]
        cells = [cell.replace(NOTHING, "---") for cell in cells]
        lines.append(" & ".join([*_row_names(row), *cells]) + " \\\\")
    return "\n".join([*lines, "\\bottomrule", "\\end{tabular}"])


def comma_separated(table: ResultTable) -> str:
    """Write a CSV with one line for each cell; a cell without a run is empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        ["loss", "weights", "cell", "ours_mean", "ours_std", "ours_runs"]
        + ["paper_mean", "paper_std", "difference"]
    )
    for row in table.rows:
        for cell in CELLS:
            ours, published = row.cells[cell], row.published.cell(cell)
            writer.writerow(
                [row.published.loss, row.published.weights, cell]
                + [_number(ours.mean), _number(ours.std), ours.n]
                + [*map(_number, published), _number(row.difference(cell))]
            )
    return text.getvalue()


def claims_markdown(claims: Sequence[Claim]) -> str:
    """Write the claims as a Markdown table."""
    columns = [(title, "---") for title in _CLAIM_TITLES]
    rows = [
        [claim.text, f"**{claim.verdict}**", claim.evidence, claim.significance] for claim in claims
    ]
    return markdown_table(columns, rows)


def claims_html(claims: Sequence[Claim]) -> Markup:
    """Render the claims as an HTML table."""
    return render("claims.html", package=_PACKAGE, claims=claims, titles=_CLAIM_TITLES)


def column_names(table: ResultTable) -> list[str]:
    """Name the three cells of a row by our number of labels and the paper's."""
    data = {run.config.regime: run.record.data for run in table.runs}
    few, all_of_them = data.get("self-learning"), data.get("all-labelled")
    return [
        f"{few.labelled if few else 'Few'} labels (paper: {table.published.labels})",
        "Self-learning",
        f"All {all_of_them.train if all_of_them else ''} labels".replace("  ", " ")
        + f" (paper: {table.published.train_images})",
    ]


def _row_names(row: Row) -> list[str]:
    return [row.published.loss, "yes" if row.published.weights == "imagenet" else "no"]


def _cells(row: Row) -> list[str]:
    cells = []
    for cell in CELLS:
        mean, std = row.published.cell(cell)
        difference = row.difference(cell)
        cells += [
            _ours(row.cells[cell]),
            f"{mean:.2f} ± {std:.2f}",
            NOTHING if difference is None else signed(difference),
        ]
    return cells


def _ours(cell: Measured) -> str:
    if cell.mean is None:
        return NOTHING
    spread = "" if cell.std is None else f" ± {cell.std:.2f}"
    return f"{cell.mean:.2f}{spread} ({cell.n})"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
