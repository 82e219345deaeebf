"""What version 0.2.0 wrote is still read, or refused with a sentence that says what to do."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import asdict
from pathlib import Path

import keras
import numpy as np
import pytest
from golden_runs import COUNTS, command, write_images

import keras_selflearn
from keras_selflearn import SelfLearningClassifier
from keras_selflearn.estimator import resuming
from keras_selflearn.options.config import Config
from keras_selflearn.runs import claim_folder, environment

OLD = Path(__file__).parent / "v0.2.0"
RESULTS = Path(__file__).parents[2] / "results"
# Written under Keras 2 or 3, and read under both.
HERE = f"keras-{keras.__version__.split('.')[0]}"
FOLDER = OLD / "keras-2" / "folder-triplet"
FINISHED = (
    "keras-2/digits-cross-entropy",
    "keras-3/digits-cross-entropy",
    "keras-2/folder-triplet",
)


@pytest.fixture(params=FINISHED)
def old(request):
    """A finished run of version 0.2.0."""
    return OLD / request.param


def read(path):
    return json.loads(path.read_text())


def rows(path):
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def test_a_saved_classifier_labels_as_it_did(old, digits):
    expected = read(old / "expected.json")
    images = digits.test_images[expected["test images"]]
    classifier = SelfLearningClassifier.load(old / "classifier")
    assert classifier.predict(images).tolist() == expected["labels"]
    np.testing.assert_allclose(classifier.transform(images), expected["embeddings"], atol=1e-5)
    np.testing.assert_allclose(
        classifier.predict_proba(images), expected["probabilities"], atol=1e-5
    )


def test_a_saved_classifier_knows_how_it_was_fitted(old):
    classifier, run = SelfLearningClassifier.load(old / "classifier"), read(old / "run.json")
    assert "shift" in run["config"]["augment"] and "whole-pixel-shift" in classifier.augment
    assert classifier.history_ == run["history"]
    assert classifier.termination_condition_ == run["termination"]
    assert classifier.classes_.tolist() == run["data"]["classes"]
    pseudo_labels = rows(old / "pseudo_labels.csv")
    assert len(pseudo_labels) == np.sum(classifier.labeled_iter_ > 0) > 0
    for row in pseudo_labels:
        index = int(row["index"])
        assert row["label"] == classifier.transduction_[index]
        assert float(row["confidence"]) == classifier.confidence_[index]
        assert int(row["meta_iteration"]) == classifier.labeled_iter_[index]
        assert int(row["matched"] or -1) == classifier.matched_[index]


def test_predict_labels_images_with_an_old_run(tmp_path, digits):
    write_images(tmp_path / "images", digits)
    output = tmp_path / "labels.csv"
    flags = f"--run={FOLDER}", f"--images={tmp_path / 'images' / 'test'}", f"--output={output}"
    assert command("predict", *flags) == 0
    expected = rows(FOLDER / "labels.csv")
    assert len(expected) == 15
    for found, before in zip(rows(output), expected):
        assert (found["path"], found["label"]) == (before["path"], before["label"])
        assert float(found["confidence"]) == pytest.approx(float(before["confidence"]), abs=1e-5)
        assert found["nearest"] == before["nearest"]


@pytest.mark.slow
def test_from_run_repeats_an_old_run(tmp_path):
    run = OLD / HERE / "digits-cross-entropy"
    assert command("main", f"--from_run={run}", f"--results_dir={tmp_path}") == 0
    (path,) = tmp_path.glob("*/run.json")
    found, expected = read(path), read(run / "run.json")
    # An option that is newer than the run has its default. Its shift moved by whole pixels.
    assert expected["config"]["augment"] == "shift,flip"
    changed = {"augment": "whole-pixel-shift,flip", "results_dir": ""}
    config = {**asdict(Config()), **expected["config"], **changed}
    assert {**found["config"], "results_dir": ""} == config
    for now, before in zip(found["history"], expected["history"]):
        assert [now[name] for name in COUNTS] == [before[name] for name in COUNTS]
    assert len(found["history"]) == len(expected["history"]) == 3


@pytest.mark.slow
def test_tables_are_drawn_from_old_runs(tmp_path):
    results = tmp_path / "results"
    shutil.copytree(RESULTS / "cifar10-cpu", results / "cifar10-cpu")
    for name in ("table2.csv", "table2.md", "table2.tex"):
        (results / "cifar10-cpu" / name).unlink()
    assert command("report", "--preset=cpu", f"--results_dir={results}") == 0
    assert (results / "report-cpu.html").stat().st_size > 0
    for name in ("table2.csv", "table2.md", "table2.tex"):
        drawn = (results / "cifar10-cpu" / name).read_bytes()
        assert drawn == (RESULTS / "cifar10-cpu" / name).read_bytes()


@pytest.fixture
def unfinished(tmp_path):
    """A copy of an unfinished run of version 0.2.0, and its command."""
    source = OLD / "keras-2" / "unfinished"
    config = read(source / "run.json")["config"]
    folder = tmp_path / "digits-cross-entropy-random-self-learning-seed7"
    shutil.copytree(source, folder)
    config.update(results_dir=str(tmp_path), augment="whole-pixel-shift,flip")
    flags = [
        f"--{name}={str(value).lower() if isinstance(value, bool) else value}"
        for name, value in config.items()
        if value is not None
    ]
    return folder, flags


@pytest.fixture
def version_99(monkeypatch):
    """The package as a later version."""
    for module in (keras_selflearn, resuming, claim_folder, environment):
        monkeypatch.setattr(module, "__version__", "99.0")


def test_an_unfinished_run_of_another_version_is_refused(unfinished, version_99, capsys):
    folder, flags = unfinished
    assert command("main", *flags) == 2
    assert capsys.readouterr().err.splitlines()[-1] == (
        f"{folder} is an unfinished run of version 0.2.0, with which version 99.0 can't go on:"
        " remove it, or choose another --results_dir."
    )
    assert (folder / "checkpoints").is_dir()


def test_a_checkpoint_of_another_version_is_refused(unfinished, version_99, capsys):
    folder, flags = unfinished
    run = read(folder / "run.json")
    run["environment"]["keras_selflearn"] = "99.0"
    (folder / "run.json").write_text(json.dumps(run))
    assert command("main", *flags) == 2
    message = capsys.readouterr().err.splitlines()[-1]
    assert message.startswith(f"The checkpoint in {folder / 'checkpoints'} is of another run: ")
    assert "keras_selflearn was '0.2.0' and is '99.0'" in message
    assert message.endswith(". Ask for the same, or remove that folder.")
    assert (folder / "checkpoints").is_dir()
