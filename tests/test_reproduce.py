from __future__ import annotations

import csv
import os
import re
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from pathlib import Path

import numpy as np
import pytest
from archives import write_cifar10, write_plant_village, write_svhn_cropped
from matplotlib.image import imread
from waiting import run_process

from keras_selflearn import report, reproduce
from keras_selflearn.network.backbone import build_backbone
from keras_selflearn.paper import published_figure, published_tables
from keras_selflearn.report import ReportConfig
from keras_selflearn.reproduce import ReproduceConfig
from keras_selflearn.reproduction import estimate, executors
from keras_selflearn.reproduction.executors import Outcome
from keras_selflearn.reproduction.runs import finished_runs
from keras_selflearn.runs import experiment
from keras_selflearn.runs.experiment import run_experiment

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
LOSSES = ("cross-entropy", "triplet", "contrastive", "arcface")


def run_in_this_process(cells):
    """As `run_in_processes`, without the seconds that each start takes."""
    for cell in cells:
        run_experiment(cell.config)
        yield Outcome(cell, None)


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch):
    """The preset `smoke` names its weights from there."""
    monkeypatch.chdir(ROOT)


@pytest.fixture(scope="module")
def reproduced(tmp_path_factory):
    """Every table and figure by the `smoke` preset, on small archives through the real builders."""
    folder = tmp_path_factory.mktemp("reproduced")
    shared = {
        "preset": "smoke",
        "results_dir": str(folder / "results"),
        "data_dir": str(folder / "data"),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        patch.setattr(executors, "run_in_processes", run_in_this_process)
        # Neither tables nor figures show the runs' own pages.
        patch.setattr(experiment, "draw_run", lambda *_: None)
        # `test_a_long_table_without_a_gpu_names_the_short_one` has a trial.
        patch.setattr(estimate, "seconds_per_pass", lambda *_: 1e-3)
        patch.chdir(ROOT)
        for write, numbers in (
            (write_svhn_cropped, (20, 5)),
            (write_cifar10, (20, 5)),
            (write_plant_village, (10,)),
        ):
            write(folder / "data", *numbers)
        for table in published_tables():
            reproduce.main(ReproduceConfig(table=table.table, **shared))
        for figure in (2, 3, 4):
            reproduce.main(ReproduceConfig(figure=figure, **shared))
        report.main(ReportConfig(preset="smoke", results_dir=shared["results_dir"]))
    return folder, shared


def results(reproduced, name):
    return reproduced[0] / "results" / name


@pytest.mark.parametrize("table", published_tables(), ids=lambda table: table.dataset)
def test_every_cell_of_a_table_was_run_once_and_is_drawn(reproduced, table):
    folder = results(reproduced, f"{table.dataset}-smoke")
    runs = finished_runs(folder)
    assert len(runs) == 16 == len(list(folder.glob("*/run.json")))
    with open(folder / f"table{table.table}.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 24
    for row in rows:
        regime = "all-labelled" if row["cell"] == "all_labelled" else "self-learning"
        (run,) = (
            run
            for run in runs
            if (run.config.loss, run.config.regime) == (row["loss"], regime)
            and (run.config.weights == "random") == (row["weights"] == "random")
        )
        assert float(row["ours_mean"]) == pytest.approx(run.test_accuracy[row["cell"]], abs=0.01)
        assert row["ours_runs"] == "1"
    page = (folder / f"table{table.table}.md").read_text()
    assert page.startswith(f"# Table {table.table}: {table.title}")
    assert (
        "—" not in page.split("Ours: mean")[0]
        and page.count("no test: needs 3 runs that differ") == 5
    )
    assert (folder / f"table{table.table}.tex").read_text().count(r"$\pm$") == 24


def test_sizes_and_their_difference_from_the_paper_are_in_the_record(reproduced):
    for table in published_tables():
        for run in finished_runs(results(reproduced, f"{table.dataset}-smoke")):
            data = run.record.data
            assert data.difference_from_paper.train == data.whole.train - table.train_images
            assert data.difference_from_paper.test == data.whole.test - table.test_images
            assert len(data.classes) == table.classes


@pytest.mark.parametrize(
    ("figure", "texts"),
    [
        ("plant_village-smoke/figure2", ["Apple", "Black rot", "Tomato", "Plant Village"]),
        ("cifar10-smoke/figure3", ["random", "imagenet", "CIFAR-10"]),
        ("cifar10-smoke/figure4", [*LOSSES, "airplane", "truck"]),
    ],
)
def test_figures(reproduced, figure, texts):
    svg = results(reproduced, f"{figure}.svg").read_text()
    words = unescape(" ".join(re.findall(r">([^<>]+)<", svg)))
    for text in texts:
        assert text.lower() in words.lower(), text
    pixels = imread(results(reproduced, f"{figure}.png"))
    assert min(pixels.shape[:2]) > 300 and np.std(pixels[..., :3]) > 0.05


def test_the_report_has_all_tables_and_figures(reproduced):
    page = results(reproduced, "report-smoke.html").read_text()
    for table in published_tables():
        assert f"Table {table.table}: {table.title}" in page
    assert page.count('<table class="claims">') == 3
    assert page.count("data:image/png;base64,") == 1 + 3 * 2  # figure 2; 3 and 4 of each table
    assert not re.search(r'(?:src|href)="(?!data:)', page)


def test_what_is_finished_is_listed_and_not_run_again(reproduced, capsys, monkeypatch):
    def run_nothing(cells):
        raise AssertionError("ran again")

    monkeypatch.setattr(executors, "run_in_processes", run_nothing)
    reproduce.main(ReproduceConfig(table=1, **reproduced[1]))
    out = capsys.readouterr().out
    assert out.count("  done  ") == 16 and "16 of 16 runs are done." in out


def test_dry_run_lists_what_is_left_with_its_time_and_does_nothing(reproduced, capsys):
    before = sorted(results(reproduced, "").rglob("*"))
    reproduce.main(ReproduceConfig(table=2, runs=2, dry_run=True, **reproduced[1]))
    out = capsys.readouterr().out
    assert out.count("  done  ") == 16
    assert len(re.findall(r"  left  .*, seed 1: about \d+ s", out)) == 16
    assert "16 of 32 runs are done. Those left take about" in out
    assert sorted(results(reproduced, "").rglob("*")) == before


def test_a_failing_cell_stops_no_other_and_is_told_at_the_end(reproduced, capsys, monkeypatch):
    def fail_on_triplet(cells):
        for cell in cells:
            broken = cell.config.loss == "triplet"
            yield Outcome(cell, "no memory (exit status 1)" if broken else None)

    monkeypatch.setattr(executors, "run_in_processes", fail_on_triplet)
    # The data set is loaded before the first run, and is decoded there already.
    monkeypatch.setenv("XDG_CACHE_HOME", str(reproduced[0] / "cache"))
    config = ReproduceConfig(
        table=2, runs=2, losses="triplet,arcface", regimes="all-labelled", **reproduced[1]
    )
    with pytest.raises(SystemExit) as ending:
        reproduce.main(config)
    captured = capsys.readouterr()
    assert ending.value.code == 1
    assert captured.out.count(": done") == 2 and captured.out.count("FAILED: no memory") == 2
    assert "table2.md" in captured.out
    assert "2 of 4 runs failed:" in captured.err
    assert captured.err.count("no memory (exit status 1)") == 2


def test_a_long_table_without_a_gpu_names_the_short_one(tmp_path, capsys, monkeypatch):
    # A trial in this process, without the seconds that another takes to start.
    monkeypatch.setattr(estimate, "ProcessPoolExecutor", lambda n, mp_context: ThreadPoolExecutor())
    config = ReproduceConfig(table=1, dry_run=True, results_dir=str(tmp_path / "none"))
    reproduce.main(config)
    out = capsys.readouterr().out
    assert "0 of 48 runs are done" in out and "days" in out
    assert "There is no GPU here: PRESET=cpu" in out
    assert not (tmp_path / "none").exists()


def test_notes_stand_above_the_table(reproduced):
    folder = results(reproduced, "svhn_cropped-smoke")
    (folder / "notes.md").write_text("Generated images.\n")
    reproduce.main(ReproduceConfig(table=1, **reproduced[1]))
    page = (folder / "table1.md").read_text()
    assert page.index("Generated images.") < page.index("| Loss |")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, "Say which part of the paper"),
        ({"table": 1, "figure": 2}, "Say which part of the paper"),
        ({"table": 1, "figure": 3}, "Say which part of the paper"),
        ({"table": 4}, "Table 4 is none of the paper's"),
        ({"figure": 1}, "Figure 1 shows no results"),
        ({"table": 1, "preset": "none"}, "Unknown preset 'none'"),
        ({"table": 1, "losses": ""}, "losses can't be empty"),
        ({"table": 1, "executor": "slurm"}, "Unknown executor 'slurm'"),
        ({"table": 1, "dataset": "cifar10"}, "--dataset is for figures"),
        ({"table": 1, "imagenet_weights": "random"}, "ImageNet weights can't be random"),
        ({"table": 1, "imagenet_weights": "folder/none.h5"}, "no weights file folder/none.h5"),
        ({"table": 1, "preset": "smoke", "results_dir": "FILE/x"}, "can't be made"),
        ({"table": 1, "preset": "smoke", "data_dir": "FILE"}, "is not prepared in"),
        ({"figure": 3, "dataset": "digits"}, "Unknown dataset 'digits': .*cifar10"),
        ({"figure": 2, "dataset": "digit"}, "Unknown dataset 'digit': did you mean 'digits'"),
        ({"figure": 3, "losses": "triplet,arcface"}, "Figure 3 shows one loss"),
        ({"figure": 4, "weights": "random,imagenet"}, "Figure 4 shows one kind of weights"),
    ],
)
def test_what_can_t_be_done_is_said_before_anything_runs(changes, message, tmp_path, monkeypatch):
    monkeypatch.setattr(executors, "run_in_processes", None)
    monkeypatch.setattr(estimate, "seconds_per_pass", lambda *_: 1e-3)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    file = tmp_path / "file"
    file.touch()
    asked = {"results_dir": str(tmp_path), **changes}
    for name in ("results_dir", "data_dir"):
        if name in asked:
            asked[name] = asked[name].replace("FILE", str(file))
    with pytest.raises(ValueError, match=message):
        reproduce.main(ReproduceConfig(**asked))


def test_figures_need_their_runs_only():
    def plan(**asked):
        return reproduce.plan(ReproduceConfig(**asked), published_figure(asked["figure"]))

    grid = plan(figure=3)
    assert len(grid.cells()) == 2 * 3 and grid.losses == ["cross-entropy"]
    grid = plan(figure=4, preset="cpu")
    assert [cell.config.loss for cell in grid.cells()] == list(LOSSES)
    assert {cell.config.regime for cell in grid.cells()} == {"self-learning"}
    grid = plan(figure=3, dataset="svhn_cropped", runs=1, losses="triplet")
    assert grid.table.table == 1 and len(grid.cells()) == 2 and grid.losses == ["triplet"]


def test_a_figure_shows_the_loss_that_was_asked_for(reproduced):
    reproduce.main(ReproduceConfig(figure=3, losses="arcface", **reproduced[1]))
    svg = results(reproduced, "cifar10-smoke/figure3.svg").read_text()
    assert "arcface" in svg and "cross-entropy" not in svg and "no run" not in svg


def test_figure_2_shows_any_data_set(tmp_path, capsys):
    asked = {"figure": 2, "dataset": "digits", "results_dir": str(tmp_path)}
    reproduce.main(ReproduceConfig(dry_run=True, **asked))
    assert "needs no run" in capsys.readouterr().out and not list(tmp_path.iterdir())
    reproduce.main(ReproduceConfig(**asked))
    assert (tmp_path / "digits-paper" / "figure2.svg").read_text().count("<image") == 10
    assert (tmp_path / "digits-paper" / "figure2.png").exists()


def test_embeddings_that_are_gone_leave_the_picture(reproduced, tmp_path, capsys):
    """As in a clone of a repository that keeps the records alone."""
    shutil.copytree(results(reproduced, "svhn_cropped-smoke"), tmp_path / "svhn_cropped-smoke")
    for path in tmp_path.rglob("embeddings-*.npz"):
        path.unlink()
    picture = tmp_path / "svhn_cropped-smoke" / "figure4.png"
    before = picture.read_bytes()
    shared = {**reproduced[1], "results_dir": str(tmp_path)}
    reproduce.main(ReproduceConfig(figure=4, dataset="svhn_cropped", **shared))
    assert "Figure 4 is not drawn: no run in" in capsys.readouterr().out
    report.main(ReportConfig(preset="smoke", results_dir=str(tmp_path)))
    assert picture.read_bytes() == before
    assert "Figure 4" in (tmp_path / "report-smoke.html").read_text()


def test_a_report_without_any_run(tmp_path):
    report.main(ReportConfig(preset="smoke", results_dir=str(tmp_path)))
    assert (tmp_path / "report-smoke.html").read_text().count("No run is finished.") == 3
    with pytest.raises(ValueError, match="can't be written"):
        report.main(ReportConfig(results_dir=str(tmp_path), output=str(tmp_path / "no" / "page")))


def test_other_weights_than_those_of_the_finished_runs_are_refused(reproduced, tmp_path):
    other = tmp_path / "other.weights.h5"
    build_backbone("tiny", (32, 32, 3), "random").save_weights(other)
    with pytest.raises(ValueError, match="start from other weights than .*other.weights.h5"):
        reproduce.main(ReproduceConfig(table=1, imagenet_weights=str(other), **reproduced[1]))


def test_the_command_as_it_is_given(reproduced):
    """In processes of their own: one cell that was removed is run again, the others are not."""
    folder = results(reproduced, "cifar10-smoke")
    (removed,) = folder.glob("cifar10-triplet-tiny-glyphs-all-labelled-seed0")
    shutil.rmtree(removed)
    flags = [f"--{name}={value}" for name, value in reproduced[1].items()]
    result = run_process(
        [sys.executable, "-m", "keras_selflearn.reproduce", "--table=2", *flags],
        cwd=ROOT,
        env={**os.environ, "XDG_CACHE_HOME": str(reproduced[0] / "cache")},
    )
    assert result.returncode == 0, result.stderr
    assert "15 of 16 runs are done." in result.stdout
    assert "[1 of 1] triplet, imagenet weights, all-labelled, seed 0: done" in result.stdout
    assert removed.exists() and len(finished_runs(folder)) == 16
