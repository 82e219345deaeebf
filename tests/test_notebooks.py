from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import pytest

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
NAMES = ["1-five-minutes", "2-own-folder", "3-table-2", "4-add-a-loss", "5-put-it-to-work"]
INSTALL = "%pip install --quiet {source}"
# The same cells with a network that learns in seconds, from weights that are in the checkout.
TINY = {'backbone="vgg16"': 'backbone="tiny"'}
FEWER = {
    **TINY,
    "meta_iterations=5": "meta_iterations=2",
    "meta_epochs=5": "meta_epochs=1",
    "epochs=60": "epochs=2",
}
PRETRAINED = repr(str(ROOT / "keras_selflearn/network/weights/tiny-glyphs.weights.h5"))
QUICK = {
    "1-five-minutes": {
        **TINY,
        '"results/vgg16-glyphs.weights.h5"': PRETRAINED,
        "epochs=20": "epochs=2",
        "meta_iterations=5": "meta_iterations=2",
    },
    "2-own-folder": FEWER,
    "3-table-2": {
        **TINY,
        'dataset="cifar10"': 'dataset="digits"',
        '"imagenet": "imagenet"': f'"imagenet": {PRETRAINED}',
        "train_images=3000": "train_images=400",
        "test_images=1000": "test_images=100",
        "labels=1000": "labels=40",
        "meta_iterations=3": "meta_iterations=1",
        "epochs=10": "epochs=1",
    },
    "4-add-a-loss": FEWER,
    "5-put-it-to-work": {},
}

each_notebook = pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)


def cells_of(notebook):
    return json.loads(notebook.read_text(encoding="utf-8"))["cells"]


def code_of(notebook):
    return ["".join(cell["source"]) for cell in cells_of(notebook) if cell["cell_type"] == "code"]


def outputs_of(notebook):
    return [output for cell in cells_of(notebook) for output in cell.get("outputs", [])]


def test_all_are_there():
    assert [notebook.stem for notebook in NOTEBOOKS] == NAMES


@pytest.mark.slow
@each_notebook
def test_every_cell_runs(notebook, tmp_path, monkeypatch):
    matplotlib.use("Agg")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    source = "\n#---\n".join(code_of(notebook)).replace(INSTALL, "raise ModuleNotFoundError")
    for slow, quick in QUICK[notebook.stem].items():
        assert slow in source, slow
        source = source.replace(slow, quick)
    names = {}
    try:
        for cell in source.split("\n#---\n"):
            exec(compile(cell, notebook.name, "exec"), names)
    finally:
        plt.close("all")


@pytest.fixture
def install(tmp_path, monkeypatch):
    """`install(notebook, repository)` runs the first cell where the package is missing."""
    folder = tmp_path / "content" / "notebooks"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

    def run(notebook, package=""):
        installed = []
        cell = code_of(notebook)[0].replace(INSTALL, "install(source)")
        assert cell.count('PACKAGE = ""') == 1
        cell = cell.replace('PACKAGE = ""', f"PACKAGE = {package!r}")
        exec(compile(cell, notebook.name, "exec"), {"install": installed.append})
        return installed

    return run


@each_notebook
def test_first_cell_installs_the_checkout_that_the_notebook_is_in(notebook, install):
    (Path.cwd().parent / "setup.py").touch()
    assert install(notebook) == [".."]


@each_notebook
def test_first_cell_installs_what_its_one_line_names_elsewhere(notebook, install):
    assert install(notebook, "https://host/project") == ["git+https://host/project"]
    for package in ("keras-selflearn", "keras_selflearn-0.3.0-py3-none-any.whl"):
        assert install(notebook, package) == [package]
    with pytest.raises(ValueError, match="PACKAGE is empty"):
        install(notebook)


@each_notebook
def test_first_cell_installs_nothing_where_the_package_is(notebook):
    names = {"install": pytest.fail}
    exec(code_of(notebook)[0].replace(INSTALL, "install(source)"), names)


@each_notebook
def test_outputs_are_committed_and_none_is_an_error_or_noise(notebook):
    outputs = outputs_of(notebook)
    assert any("image/png" in output.get("data", {}) for output in outputs)
    assert all(output["output_type"] != "error" for output in outputs)
    assert all(output.get("name") != "stderr" for output in outputs)
    assert notebook.stat().st_size < 500_000


@each_notebook
def test_outputs_name_no_path_of_the_machine_that_made_them(notebook):
    # Pictures are base64, in which anything may look like a path.
    texts = [output.get("text", "") for output in outputs_of(notebook)]
    for output in outputs_of(notebook):
        texts += [text for kind, text in output.get("data", {}).items() if "image" not in kind]
    shown = "\n".join("".join(text) for text in texts)
    assert not re.findall(r"(?:^|[\s'\"(=])(?:/\w|[A-Z]:\\)\S*", shown)


@each_notebook
def test_links_lead_to_what_is_there(notebook):
    prose = ["".join(cell["source"]) for cell in cells_of(notebook)]
    for target in re.findall(r"\]\(([^):]+)\)", "\n".join(prose)):
        assert (notebook.parent / target).exists(), target
