from __future__ import annotations

import json
from pathlib import Path

import matplotlib
import pytest

NOTEBOOKS = sorted((Path(__file__).resolve().parent.parent / "notebooks").glob("*.ipynb"))
# The same cells with a network that learns in seconds.
QUICK = {'backbone="vgg16"': 'backbone="tiny"', "epochs=20": "epochs=2"}


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_cell_runs(notebook):
    matplotlib.use("Agg")
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    names = {}
    for source in code:
        if source.startswith("%pip"):
            continue
        for slow, quick in QUICK.items():
            source = source.replace(slow, quick)
        exec(compile(source, notebook.name, "exec"), names)
    assert names["clf"].backbone == "tiny"


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_outputs_are_committed_and_none_is_an_error(notebook):
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    assert any("image/png" in output.get("data", {}) for output in outputs)
    assert all(output["output_type"] != "error" for output in outputs)
    assert notebook.stat().st_size < 500_000


def test_there_is_one():
    assert NOTEBOOKS
