from __future__ import annotations

import csv
import json
import struct

import numpy as np
import pytest
from msgspec import to_builtins
from run_contents import BARE_RECORD

from keras_selflearn.console.errors import InputError
from keras_selflearn.estimator.classifier import SelfLearningClassifier
from keras_selflearn.options.config import Config
from keras_selflearn.runs.experiment import run_experiment
from keras_selflearn.runs.folder import RunFolder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """That of a small but real run."""
    return run_experiment(
        Config(
            backbone="tiny",
            epochs=2,
            meta_epochs=1,
            meta_iterations=2,
            results_dir=str(tmp_path_factory.mktemp("results")),
        )
    )


def rows(folder, name):
    with open(folder.path / name, newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_files_are_all_there(folder):
    names = {file.name for file in folder.path.iterdir()}
    events = {name for name in names if name.startswith("events.out.tfevents")}
    assert len(events) == 3  # one a meta-iteration
    assert names - events == {
        "run.json",
        "history.csv",
        "pseudo_labels.csv",
        "labels.csv",
        "curve.png",
        "report.html",
        "embeddings-initial.npz",
        "embeddings-final.npz",
        "classifier",
        ".lock",
    }


@pytest.mark.slow
def test_embeddings_are_those_of_the_test_images(folder, digits):
    with np.load(folder.path / "embeddings-final.npz", allow_pickle=False) as content:
        embeddings, labels = content["embeddings"], content["labels"]
    assert embeddings.dtype == np.float16 and labels.tolist() == digits.test_labels.tolist()
    classifier = SelfLearningClassifier.load(folder.path / "classifier")
    expected = classifier.transform(digits.test_images)
    np.testing.assert_allclose(embeddings, expected, rtol=2e-3, atol=2e-3)
    with np.load(folder.path / "embeddings-initial.npz", allow_pickle=False) as content:
        assert content["embeddings"].shape == embeddings.shape
        assert not np.array_equal(content["embeddings"], embeddings)


@pytest.mark.slow
def test_run_json_holds_config_environment_data_history_and_accuracy(folder):
    run = folder.read_run()
    assert run.status == "finished"
    assert run.config.loss == "cross-entropy" and run.config.labels == 100
    assert None not in {run.flags[name] for name in ("epochs", "weights", "self_learning_rate")}
    assert run.environment.packages["tensorflow"] and run.environment.precision
    assert run.data.train == 1297 and run.data.test == 500
    assert run.data.labelled == 100 and run.data.image_shape == [32, 32, 3]
    accuracies = [record.test_accuracy for record in run.history]
    assert run.test_accuracy == {"n_labelled": accuracies[0], "self_learning": accuracies[-1]}
    assert len(accuracies) == len(run.meta_iteration_seconds) == 3
    assert 0 < sum(run.meta_iteration_seconds) <= run.seconds


@pytest.mark.slow
def test_optimizer_in_run_json_is_the_one_used(folder):
    assert folder.read_run().config.optimizer == "adam"


@pytest.mark.slow
def test_history_csv_repeats_run_json(folder):
    history = folder.read_run().history
    assert rows(folder, "history.csv") == [
        {name: "" if value is None else str(value) for name, value in to_builtins(record).items()}
        for record in history
    ]


@pytest.mark.slow
def test_pseudo_labels_are_those_selected(folder, digits):
    history = folder.read_run().history
    found = rows(folder, "pseudo_labels.csv")
    for record in history[1:]:
        chosen = [row for row in found if int(row["meta_iteration"]) == record.meta_iteration]
        assert len(chosen) == record.selected
        right = [int(row["label"]) == digits.labels[int(row["index"])] for row in chosen]
        assert 100 * np.mean(right) == pytest.approx(record.selected_accuracy)
        confidences = [float(row["confidence"]) for row in chosen]
        assert confidences == sorted(confidences, reverse=True)
        assert 0 <= min(confidences) <= max(confidences) <= 1


@pytest.mark.slow
def test_curve_is_a_picture(folder):
    content = (folder.path / "curve.png").read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", content[16:24])
    assert width > 600 and height > 400


@pytest.mark.slow
def test_event_files_hold_every_figure(folder):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder.path)).Reload()
    assert len(events.Scalars("epoch/loss")) == 2 + 2 * 1
    accuracies = [each.value for each in events.Scalars("meta_iteration/test_accuracy")]
    expected = folder.read_run().accuracies
    np.testing.assert_allclose(accuracies, expected, rtol=1e-6)


@pytest.mark.slow
def test_saved_classifier_measures_what_the_run_says(folder, digits):
    from keras_selflearn import SelfLearningClassifier

    clf = SelfLearningClassifier.load(folder.path / "classifier")
    accuracy = 100 * clf.score(digits.test_images, digits.test_labels.astype(str))
    assert accuracy == pytest.approx(folder.read_run().test_accuracy["self_learning"])


def record(path, status):
    (path / "run.json").write_text(json.dumps({**BARE_RECORD, "status": status}))
    return RunFolder(path)


def test_a_run_is_running_while_a_process_holds_its_folder(tmp_path, hold):
    folder = record(tmp_path, "running")
    assert folder.status() == "interrupted"  # killed before it could say so
    process = hold(tmp_path)
    assert folder.status() == "running"
    process.kill()
    process.wait()
    assert folder.status() == "interrupted"
    assert folder.read_run().status == "running"


@pytest.mark.parametrize("status", ["interrupted", "failed", "finished"])
def test_other_statuses_are_as_written(tmp_path, hold, status):
    hold(tmp_path)
    assert record(tmp_path, status).status() == status


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", '{"status": "running"}', '{"status": "asleep", "config": {}}', "\xff"],
)
def test_a_record_that_is_none_is_an_error(tmp_path, content):
    (tmp_path / "run.json").write_text(content, encoding="latin-1")
    with pytest.raises(InputError, match="run.json"):
        RunFolder(tmp_path).status()


def test_no_record_is_an_error(tmp_path):
    with pytest.raises(InputError, match="run.json, can't be read: .*No such file"):
        RunFolder(tmp_path).status()


def test_a_folder_with_nothing_but_a_lock_is_new(tmp_path):
    folder = RunFolder(tmp_path)
    assert folder.is_new() and not folder.has_run()
    (tmp_path / ".lock").touch()
    (tmp_path / ".run.json.unfinished").touch()  # of a run that was killed at once
    assert folder.is_new()
    record(tmp_path, "running")
    assert not folder.is_new() and folder.has_run()
    folder.remove()
    assert not tmp_path.exists()
