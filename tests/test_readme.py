from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
AVERAGES = ("0", "0.98", "0.99", "0.995", "0.9975", "0.999")
PAGES = ["README.md", *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md")))]


@pytest.mark.slow
def test_python_example_runs_as_it_stands(capsys):
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names = {}
    exec(compile(example, "README.md", "exec"), names)
    clf, digits = names["clf"], names["digits"]
    assert (clf.labeled_iter_ > 0).any()
    assert clf.transform(digits.test_images[:3]).shape == (3, 256)
    assert f"{clf.score(digits.test_images, digits.test_labels):.3f}" in capsys.readouterr().out


@pytest.mark.slow
def test_example_of_own_images_runs_on_a_small_network(tmp_path, monkeypatch, capsys, digits):
    page = (ROOT / "docs/own-images.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    for i, (image, label) in enumerate(zip(digits.images[:60], digits.labels)):
        part = f"labelled/{label}" if i < 20 else "unlabelled"
        path = tmp_path / "photos" / part / f"{i:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
    monkeypatch.chdir(tmp_path)
    small = 'loss="triplet", weights="random", backbone="tiny", epochs=1, meta_iterations=1'
    exec(compile(example.replace('loss="triplet"', small), "own-images.md", "exec"), {})
    assert len(capsys.readouterr().out.splitlines()) == 60
    assert (tmp_path / "classifier" / "classifier.json").exists()


def test_the_accuracies_of_the_trained_network_are_those_of_its_records():
    page = (ROOT / "docs/self-learning.md").read_text(encoding="utf-8")
    folder = ROOT / "results" / "cifar10-good"
    histories = [
        json.loads((folder / name / "run.json").read_text())["history"]
        for name in ("250-labels-seed0", "250-labels-seed0-224px", "40-labels-seed0-224px")
    ]
    rows = [
        re.findall(r"[\d.]+(?= %)", row) for row in re.findall(r"(?m)^\| (?:a head|the n).*$", page)
    ]
    expected = [
        [
            f"{history[number][name]:.1f}"
            for history in histories
            for name in ("selected_accuracy", "test_accuracy")
            if history[number][name]
        ]
        for number in (0, 7, 8, 9)
    ]
    assert rows == expected


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_is_named_is_there(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert ((ROOT / page).parent / target).exists(), target
    for name in re.findall(r"`((?:[a-z_0-9]+/)*[a-z_0-9]+\.(?:py|cfg|cff))`", text):
        assert (ROOT / name).exists() or (ROOT / "keras_selflearn" / name).exists(), name


def test_every_flag_that_is_named_is_there():
    from dataclasses import fields

    from benchmarks import growth, steps
    from benchmarks.settings import Settings
    from keras_selflearn.export import ExportConfig
    from keras_selflearn.main import Command
    from keras_selflearn.predict import PredictConfig
    from keras_selflearn.pretrain import PretrainConfig
    from keras_selflearn.quickstart import QuickstartConfig
    from keras_selflearn.report import ReportConfig
    from keras_selflearn.reproduce import ReproduceConfig
    from keras_selflearn.review import ReviewConfig
    from keras_selflearn.suggest import SuggestConfig

    commands = (Command, PretrainConfig, QuickstartConfig, ReproduceConfig, ReportConfig)
    commands += (PredictConfig, ExportConfig, ReviewConfig, SuggestConfig)
    commands += (Settings, steps.Asked, growth.Settings)
    known = {each.name for command in commands for each in fields(command)}
    known |= {"flagfile", "help", "logdir"}
    known |= {"head", "address", "generate"}  # of Ray
    for page in PAGES:
        text = (ROOT / page).read_text(encoding="utf-8")
        assert set(re.findall(r"--([a-z_]+)", text)) <= known


def test_fast_schedule_s_figures_are_those_of_the_results():
    page = (ROOT / "docs/performance.md").read_text(encoding="utf-8")
    folder = ROOT / "results/cifar10-steps"
    for run in json.loads((folder / "steps.json").read_text()):
        schedule = f"{run['preset']} {run['flags']}".strip()
        cells = f"`{schedule}`", run["steps"], f"{run['accuracy']:.2f}", run["seed"]
        assert f"| {' | '.join(map(str, cells))} |" in page
    found: dict[str, dict[int, str]] = {}
    for run in json.loads((folder / "search.json").read_text()):
        if run["weights"] != "random":
            found.setdefault(run["flags"], {})[run["seed"]] = f"{run['accuracy']:.1f}"
    for flags, seeds in found.items():
        assert f"| `{flags}` | {seeds[0]} | {seeds[1]} |" in page
    for run in json.loads((folder / "averages.json").read_text()):
        figures = [run["accuracy"].get(momentum) for momentum in AVERAGES]
        cells = [run["changed"], run["steps"], run["seed"]]
        cells += ["" if figure is None else f"{figure:.1f}" for figure in figures]
        assert f"| {' | '.join(map(str, cells))} |" in page


def test_measured_figures_are_those_of_the_results():
    """The README's table against the records of the runs."""
    import json

    cells = {}
    for path in (ROOT / "results" / "cifar10-cpu").glob("*-self-learning-seed0/run.json"):
        run = json.loads(path.read_text(encoding="utf-8"))
        accuracies = [f"{value:.2f}" for value in run["test_accuracy"].values()]
        cells[run["config"]["loss"], run["config"]["weights"] == "random"] = accuracies
    assert len(cells) == 8
    for loss in ("cross-entropy", "triplet", "contrastive", "arcface"):
        figures = " | ".join(cells[loss, True] + cells[loss, False])
        assert f"| {loss} | {figures} |".lower() in README.lower()


def test_the_folder_in_the_picture_is_that_of_its_record():
    record = ROOT / "results" / "features-photos" / "leaves-60-labels-seed0" / "run.json"
    run = json.loads(record.read_text(encoding="utf-8"))
    before, after = run["test_accuracy"].values()
    said = " ".join(README.split())
    assert f"{run['data']['train']} photos" in said and f"{run['data']['test']} test photos" in said
    assert f"rose from {before:.1f} to {after:.1f} %" in said
    assert f"This took {run['seconds']:.0f} seconds" in said


def test_labels_in_minutes_have_the_figures_of_their_records():
    """The README's second table: means over three choices of the labels."""
    found: dict[tuple[str, int, int], list[list[float]]] = {}
    for path in (ROOT / "results").glob("features-*/*-labels-seed[012]/run.json"):
        run = json.loads(path.read_text(encoding="utf-8"))
        if not run["config"]["backbone"].startswith("lite0") or "photos" in str(path):
            continue
        name = "CIFAR-10" if run["config"]["dataset"] == "cifar10" else "PlantVillage, 34 classes"
        key = name, run["config"]["image_size"], run["data"]["labelled"]
        found.setdefault(key, []).append([*run["test_accuracy"].values()])
    rows = re.findall(
        r"^\| ([^|\n]+) \| (\d+) \| (\d+) \| ([\d.]+) % \| ([\d.]+) % \|$", README, re.M
    )
    assert len(rows) == 5
    for name, pixels, labels, *figures in rows:
        draws = found[name, int(pixels), int(labels)]
        assert len(draws) == 3
        assert [f"{sum(each) / 3:.1f}" for each in zip(*draws)] == figures
