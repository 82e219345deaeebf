from __future__ import annotations

import re
import warnings
from dataclasses import replace

import numpy as np
import pytest
from calling import call_here
from PIL import Image

from keras_selflearn.console.errors import InputError, InputWarning
from keras_selflearn.estimator.classifier import SelfLearningClassifier
from keras_selflearn.options.config import Config
from keras_selflearn.report import ReportConfig, main
from keras_selflearn.runs import pictures as module
from keras_selflearn.runs.experiment import run_experiment
from keras_selflearn.runs.folder import RunFolder
from keras_selflearn.runs.pictures import redraw_run

DRAWN = ("curve.png", "report.html")


def small(results_dir, **changes):
    options = {"train_images": 100, "test_images": 20, "labels": 20, "backbone": "tiny"}
    options.update(epochs=1, meta_iterations=1, meta_epochs=1, loss="triplet")
    return Config(results_dir=str(results_dir), **{**options, **changes})


@pytest.fixture
def run(tmp_path):
    return run_experiment(small(tmp_path))


def words(path):
    """The page without its pictures and the places of its points."""
    html = re.sub(r"<style>.*?</style>", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    return re.sub(r'(x|y)="[\d.]+"', "", html)


@pytest.mark.slow
def test_a_picture_that_fails_leaves_a_warning_and_a_finished_run(tmp_path, monkeypatch):
    def fail(*_):
        raise TypeError("Cannot handle this data type")

    monkeypatch.setattr(module, "write_page", fail)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        folder = run_experiment(small(tmp_path))
    (warning,) = [each for each in caught if "can't be drawn" in str(each.message)]
    assert warning.category is InputWarning
    assert "report.html can't be drawn (TypeError: Cannot handle this" in str(warning.message)
    assert f"keras_selflearn.report --run={folder.path}" in str(warning.message)
    assert folder.status() == "finished" and not folder.checkpoints.exists()
    assert SelfLearningClassifier.load(folder.classifier).history_
    assert (folder.path / "curve.png").exists() and not (folder.path / "report.html").exists()
    monkeypatch.undo()
    assert redraw_run(folder.path) == [folder.path / name for name in DRAWN]


@pytest.mark.slow
def test_everything_learned_is_on_the_disk_before_anything_is_drawn(tmp_path, monkeypatch):
    def check(folder, record):
        assert record.status == folder.status() == "finished"
        names = {each.name for each in folder.path.iterdir()}
        assert {"classifier", "pseudo_labels.csv", "embeddings-final.npz"} <= names
        assert not names & {*DRAWN, "checkpoints"}
        seen.append(folder)

    seen = []
    monkeypatch.setattr(module, "draw_curve", check)
    run_experiment(small(tmp_path))
    assert len(seen) == 1


@pytest.mark.slow
def test_drawn_later_it_is_the_same_page(run, capsys):
    before = words(run.path / "report.html")
    curve = (run.path / "curve.png").read_bytes()
    for name in DRAWN:
        (run.path / name).unlink()
    main(ReportConfig(run=str(run.path)))
    assert capsys.readouterr().out.splitlines() == [str(run.path / name) for name in DRAWN]
    assert words(run.path / "report.html") == before
    assert (run.path / "curve.png").read_bytes() == curve


@pytest.mark.slow
def test_the_curve_of_a_folder_has_the_folder_s_name(run, monkeypatch):
    titles = []
    monkeypatch.setattr(module, "draw_curves", lambda curves, title, path: titles.append(title))
    record = run.read_run()
    record.flags.update(dataset="folder", images="/home/me/Mes photos")
    module.draw_curve(run, record)
    assert titles == ["Mes photos, 20 labels"]


@pytest.mark.slow
def test_other_images_are_not_drawn_for_the_run_s(run, monkeypatch):
    load = module.load

    def changed(config):
        dataset = load(config)
        return replace(dataset, labels=np.roll(dataset.labels, 1))

    monkeypatch.setattr(module, "load", changed)
    with pytest.raises(InputError, match="images or labels of the run in .* were changed"):
        redraw_run(run.path)


@pytest.mark.slow
def test_only_a_finished_run_is_drawn(tmp_path, run):
    with pytest.raises(InputError, match="There is no folder"):
        redraw_run(tmp_path / "none")
    record = run.read_run()
    record.status = "interrupted"
    RunFolder(run.path).write_run(record)
    with pytest.raises(InputError, match="not finished but interrupted"):
        redraw_run(run.path)


@pytest.mark.slow
@pytest.mark.parametrize("loss", ["cross-entropy", "triplet"])
@pytest.mark.parametrize("channels", [1, 3])
def test_every_command_ends_well_with_so_many_channels(
    tmp_path, monkeypatch, digits, channels, loss
):
    of = replace(
        digits,
        images=digits.images[..., :channels],
        test_images=digits.test_images[..., :channels],
    )
    monkeypatch.setattr("keras_selflearn.runs.loaded.load", lambda _: of)
    monkeypatch.setattr(module, "load", lambda _: of)
    folder = run_experiment(small(tmp_path, loss=loss))
    assert folder.read_run().data.image_shape == [32, 32, channels]
    assert all((folder.path / name).exists() for name in DRAWN)
    assert redraw_run(folder.path) == [folder.path / name for name in DRAWN]
    (tmp_path / "photos").mkdir()
    Image.fromarray(digits.images[0]).save(tmp_path / "photos" / "a.png")
    for command, *flags in (
        ("predict", f"--images={tmp_path / 'photos'}", f"--output={tmp_path / 'labels.csv'}"),
        ("export", f"--output={tmp_path / 'exported'}"),
    ):
        ended = call_here(command, f"--run={folder.path}", *flags)
        assert ended.returncode == 0, ended.stderr
