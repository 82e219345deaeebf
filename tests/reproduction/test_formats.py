from __future__ import annotations

import csv
import io
import re
import shutil

import pytest
from fake_runs import write_run
from waiting import run_process

from keras_selflearn.paper import published_table
from keras_selflearn.reproduction import formats
from keras_selflearn.reproduction.claims import check_claims
from keras_selflearn.reproduction.runs import finished_runs
from keras_selflearn.reproduction.table import measure


@pytest.fixture
def table(grid):
    """Two runs of cross-entropy with ImageNet weights, one of triplet, nothing else."""
    cells = {cell.name: cell for cell in grid.cells()}
    cell = cells["cross-entropy, imagenet weights, self-learning, seed 0"]
    write_run(cell, [70.0, 80.0])
    write_run(cell, [72.0, 84.0], seed=1)
    write_run(cells["triplet, imagenet weights, all-labelled, seed 0"], [88.5])
    return measure(grid, finished_runs(grid.folder))


def test_markdown(table):
    header, rule, *rows = (line.split("|")[1:-1] for line in formats.markdown(table).splitlines())
    assert [cell.strip() for cell in header[2::3]] == [
        "40 labels (paper: 4000): ours",
        "Self-learning: ours",
        "All 400 labels (paper: 50000): ours",
    ]
    assert len(header) == 11 and len(rows) == 8 and set(map(len, rows)) == {11}
    assert [cell.strip() for cell in rows[1]] == [
        "cross-entropy",
        "yes",
        "71.00 ± 1.41 (2)",
        "77.07 ± 0.91",
        "−6.07",
        "82.00 ± 2.83 (2)",
        "83.33 ± 0.19",
        "−1.33",
        "—",
        "89.37 ± 0.49",
        "—",
    ]
    assert [cell.strip() for cell in rows[3][8:]] == ["88.50 (1)", "88.15 ± 0.36", "+0.35"]
    assert all(cell.strip() == "—" for cell in rows[0][2::3] + rows[0][4::3])


def test_latex_has_the_same_cells(table):
    latex = formats.latex(table)
    rows = [line for line in latex.splitlines() if line.endswith(r"\\")][2:]
    assert len(rows) == 8 and all(row.count("&") == 10 for row in rows)
    assert r"71.00 $\pm$ 1.41 (2) & 77.07 $\pm$ 0.91 & $-$6.07" in rows[1]
    assert rows[0].split("&")[2].strip() == "---"
    assert all(rule in latex for rule in (r"\toprule", r"\midrule", r"\bottomrule"))
    assert latex.isascii()


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_latex_compiles(table, tmp_path):
    (tmp_path / "t.tex").write_text(
        r"\documentclass{article}\usepackage{booktabs}\begin{document}"
        + formats.latex(table)
        + r"\end{document}"
    )
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "t.tex"]
    run_process(command, cwd=tmp_path, check=True)


def test_csv(table):
    rows = list(csv.DictReader(io.StringIO(formats.comma_separated(table))))
    assert len(rows) == 24
    cells = {(row["loss"], row["weights"], row["cell"]): row for row in rows}
    measured = cells["cross-entropy", "imagenet", "n_labelled"]
    assert [measured[name] for name in ("ours_mean", "ours_std", "ours_runs")] == [
        "71.00",
        "1.41",
        "2",
    ]
    assert (measured["paper_mean"], measured["difference"]) == ("77.07", "-6.07")
    missing = cells["arcface", "random", "all_labelled"]
    assert [missing[name] for name in ("ours_mean", "ours_std", "difference")] == ["", "", ""]
    assert missing["ours_runs"] == "0"


def test_published_figures_stand_in_the_paper_s_columns(table):
    """Without any run of ours, all that is published is there, and nothing else."""
    for number in (1, 2, 3):
        published = published_table(number)
        page = formats.html_table(measure_nothing(published))
        found = re.findall(r"<td>([\d.]+ ± [\d.]+)</td>", page)
        wanted = [
            f"{mean:.2f} ± {std:.2f}"
            for row in published.rows
            for mean, std in (row.n_labelled, row.self_learning, row.all_labelled)
        ]
        assert "All labels (paper" in page and "Few labels (paper" in page
        assert found == wanted and page.count("<td>—</td>") == 48


def measure_nothing(published):
    from keras_selflearn.reproduction.grid import make_grid

    return measure(make_grid(published, "smoke"), [])


def test_claims(table):
    claims = check_claims(table)
    lines = formats.claims_markdown(claims).splitlines()
    assert len(lines) == 2 + len(claims) and {line.count("|") for line in lines} == {5}
    assert "**supported**" not in lines[2] and "**not enough runs**" in lines[2]
    page = formats.claims_html(claims)
    assert page.count("<tr>") == 1 + len(claims) and "not enough runs" in page
