"""A table as Markdown, LaTeX (booktabs), CSV and HTML."""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Sequence

from keras_selflearn.paper import CELLS
from keras_selflearn.reproduction.claims import TEST, Claim, signed
from keras_selflearn.reproduction.table import Measured, ResultTable, Row

NOTHING = "\N{EM DASH}"
_MINUS = "\N{MINUS SIGN}"


def markdown(table: ResultTable) -> str:
    """A Markdown table: for each cell ours with its number of runs, the paper's, the difference."""
    header = ["Loss", "Pretrained"]
    for name in column_names(table):
        header += [f"{name}: ours", "paper", "difference"]
    lines = [header, ["---", "---"] + ["---:"] * (len(header) - 2)]
    lines += [[*_row_names(row), *_cells(row)] for row in table.rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def html_table(table: ResultTable) -> str:
    """The same as an HTML table."""
    groups = "".join(
        f'<th colspan="3" scope="colgroup">{html.escape(name)}</th>' for name in column_names(table)
    )
    titles = '<th scope="col">ours</th><th scope="col">paper</th><th scope="col">difference</th>'
    rows = "".join(
        "<tr>"
        + "".join(f'<th scope="row">{html.escape(name)}</th>' for name in _row_names(row))
        + "".join(f"<td>{html.escape(cell)}</td>" for cell in _cells(row))
        + "</tr>\n"
        for row in table.rows
    )
    return (
        '<table>\n<thead><tr><th rowspan="2" scope="col">Loss</th>'
        f'<th rowspan="2" scope="col">Pretrained</th>{groups}</tr>\n'
        f"<tr>{titles * len(CELLS)}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>"
    )


def latex(table: ResultTable) -> str:
    """A `tabular` that needs the package booktabs."""
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
    """A CSV with a line for each cell; empty where there is no run."""
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
    """The claims as a Markdown table."""
    lines = [["The paper's claim", "Verdict", "Measured", f"Test ({TEST})"], ["---"] * 4]
    lines += [
        [claim.text, f"**{claim.verdict}**", claim.evidence, claim.significance] for claim in claims
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def claims_html(claims: Sequence[Claim]) -> str:
    """The claims as an HTML table."""
    titles = ["The paper's claim", "Verdict", "Measured", f"Test ({TEST})"]
    header = "".join(f'<th scope="col">{html.escape(title)}</th>' for title in titles)
    rows = "".join(
        f'<tr><th scope="row">{html.escape(claim.text)}</th><td><strong>{claim.verdict}</strong>'
        f"</td><td>{html.escape(claim.evidence)}</td><td>{html.escape(claim.significance)}</td>"
        "</tr>\n"
        for claim in claims
    )
    return (
        f'<table class="claims">\n<thead><tr>{header}</tr></thead>\n<tbody>\n{rows}</tbody></table>'
    )


def column_names(table: ResultTable) -> list[str]:
    """Of the three cells of a row: how many labels ours and the paper's have."""
    data = {run.config.regime: run.record["data"] for run in table.runs}
    few, all_of_them = data.get("self-learning"), data.get("all-labelled")
    return [
        f"{few['labelled'] if few else 'Few'} labels (paper: {table.published.labels})",
        "Self-learning",
        f"All {all_of_them['train'] if all_of_them else ''} labels".replace("  ", " ")
        + f" (paper: {table.published.train_images})",
    ]


def _row_names(row: Row) -> list[str]:
    return [row.published.loss, "yes" if row.published.weights == "imagenet" else "no"]


def _cells(row: Row) -> list[str]:
    texts = []
    for cell in CELLS:
        mean, std = row.published.cell(cell)
        difference = row.difference(cell)
        texts += [
            _ours(row.cells[cell]),
            f"{mean:.2f} ± {std:.2f}",
            NOTHING if difference is None else signed(difference),
        ]
    return texts


def _ours(cell: Measured) -> str:
    if cell.mean is None:
        return NOTHING
    spread = "" if cell.std is None else f" ± {cell.std:.2f}"
    return f"{cell.mean:.2f}{spread} ({cell.n})"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
