"""The documentation without building it; `make docs` itself is what CI runs."""

from __future__ import annotations

import ast
import importlib
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from keras_selflearn.runs.record import MetaIteration, RunRecord

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))
SVG = "{http://www.w3.org/2000/svg}"


def read(page):
    return (DOCS / page).read_text(encoding="utf-8")


def pages_of_the_toctrees():
    trees = re.findall(r"```{toctree}\n(.*?)```", read("index.md"), re.DOTALL)
    lines = [line for tree in trees for line in tree.splitlines() if line and line[0] != ":"]
    return [re.sub(r".*<(.*)>", r"\1", line) for line in lines]


def anchors(page):
    """Of its headings, as GitHub and MyST make them."""
    headings = re.findall(r"^#+ (.*)$", read(page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}


def test_every_page_is_in_the_table_of_contents_once():
    assert sorted(f"{page}.md" for page in ["index", *pages_of_the_toctrees()]) == PAGES


@pytest.mark.parametrize("page", ["../README.md", *PAGES])
def test_every_relative_link_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)]+)\)", read(page)):
        path, _, anchor = target.partition("#")
        if ":" in path:
            continue
        linked = (DOCS / page).parent / path if path else DOCS / page
        assert linked.exists(), target
        if anchor:
            assert anchor in anchors(linked), target


def test_what_is_included_is_there():
    for page in PAGES:
        for target in re.findall(r"```{include} (.*)", read(page)):
            assert ((DOCS / page).parent / target).exists(), (page, target)


def test_every_table_of_results_that_is_linked_has_a_page():
    for page in PAGES:
        for name in re.findall(r"\]\(\.\./results/([\w-]+)/table\d\.md\)", read(page)):
            assert f"../../results/{name}/" in read(f"results/{name}.md")


def test_map_of_the_paper_names_what_is_there():
    _, text = read("how-it-works.md").split("| in the paper | here | run it |\n")
    rows = [line.split("|")[1:-1] for line in text.split("\n\n")[0].splitlines()[1:]]
    in_paper = " ".join(row[0] for row in rows)
    for each in ("figure 1", "section 3", "section 3.1", "section 3.2", "section 4", "section 4.1"):
        assert each in in_paper
    for _, here, run in rows:
        (path,) = re.findall(r"`(.+?)`", here)
        assert (ROOT / path).is_dir() if path.endswith("/") else (ROOT / path).is_file(), path
        for target in re.findall(r"make ([\w-]+)", run):
            assert f"\n{target}: " in (ROOT / "Makefile").read_text(encoding="utf-8")


def test_figure_1_is_well_formed_and_can_be_read_out():
    root = ElementTree.parse(DOCS / "figure1.svg").getroot()
    named = {root.find(f"{SVG}{part}").get("id") for part in ("title", "desc")}
    assert root.get("role") == "img" and set(root.get("aria-labelledby").split()) == named
    assert all(root.find(f"{SVG}{part}").text.strip() for part in ("title", "desc"))
    assert "prefers-color-scheme: dark" in root.find(f"{SVG}style").text
    shown = " ".join(each.text for each in root.iter(f"{SVG}text"))
    steps = [
        "Initial weights",
        "Fine-tune",
        "Predict",
        "Select",
        "Merge them",
        "Re-train",
        "repeat",
    ]
    places = [shown.index(step) for step in steps]
    assert places == sorted(places)


@pytest.mark.slow
def test_first_run_in_python_on_a_small_network(tmp_path, monkeypatch, capsys):
    (example,) = re.findall(r"```python\n(.*?)```", read("get-started.md"), re.DOTALL)
    monkeypatch.chdir(tmp_path)
    small = example.replace('"glyphs.weights.h5"', '"random", backbone="tiny"')
    assert small != example
    exec(compile(small, "get-started.md", "exec"), {})
    *records, predictions = capsys.readouterr().out.splitlines()
    _, shown = read("get-started.md").split("bfloat16):\n\n")
    shown = [line.strip() for line in shown.split("\n\n")[0].splitlines()]
    labelled = [record.split(" labelled: ")[0] for record in records]
    assert labelled == [line.split(" labelled: ")[0] for line in shown[:-1]]
    assert " are [" in predictions and predictions.endswith(shown[-1].split(" are ")[1])


def test_every_command_s_flags_are_on_their_page():
    modules = re.findall(r"```{flags} keras_selflearn\.(\w+):", read("flags.md"))
    commands = [
        path.stem
        for path in (ROOT / "keras_selflearn").glob("*.py")
        if "command_line.run(" in path.read_text(encoding="utf-8")
    ]
    assert sorted(modules) == sorted(commands)


def test_every_key_of_a_record_is_on_the_page_of_a_run_s_folder():
    described = set(re.findall(r"^\| `(\w+)` \|", read("run-folder.md"), re.MULTILINE))
    keys = {*RunRecord.__struct_encode_fields__, *MetaIteration.__struct_encode_fields__}
    assert keys <= described


@pytest.mark.parametrize("page", ["../README.md", *PAGES])
def test_what_an_example_imports_is_there(page):
    for example in re.findall(r"```python\n(.*?)```", read(page), re.DOTALL):
        if "import" not in example:
            continue
        for node in ast.walk(ast.parse(example)):
            if isinstance(node, ast.ImportFrom) and node.module.startswith("keras_selflearn"):
                module = importlib.import_module(node.module)
                assert all(hasattr(module, each.name) for each in node.names), ast.unparse(node)
