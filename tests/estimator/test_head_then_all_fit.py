"""A classifier whose network begins with a head's labels: stopped, saved, exported, ended early."""

from __future__ import annotations

import json
import signal

import numpy as np
import pytest
import tensorflow as tf
from exporting import exported

from keras_selflearn import SelfLearningClassifier
from keras_selflearn.console.errors import InputError
from keras_selflearn.console.signals import Stopped
from keras_selflearn.estimator import resuming
from keras_selflearn.options.config import Config
from keras_selflearn.runs.experiment import run_experiment
from keras_selflearn.storage.checkpoint import Checkpoints

OPTIONS = {
    "train": "head-then-all",
    "head_rounds": 2,
    "meta_iterations": 3,
    "labelling": "graph",
    "pseudo_labels": "revised",
    "selection_percent": 100,
    "backbone": "tiny",
    "weights": "random",
    "epochs": 3,
    "meta_epochs": 1,
    "batch_size": 20,
    "learning_rate": 1e-3,
}


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    tf.config.experimental.enable_op_determinism()


def classifier(**changes):
    return SelfLearningClassifier(**{**OPTIONS, "random_state": 0, **changes})


@pytest.mark.slow
def test_what_is_saved_and_exported_gives_the_same(data, tmp_path):
    images, labels = data
    subject = classifier().fit(images, labels)
    assert [each["gradient_steps"] for each in subject.history_] == [0, 0, 3 * 8, 8]
    assert set(subject.labeled_iter_) == {0, 3}
    np.testing.assert_array_equal(subject.transduction_[labels >= 0], labels[labels >= 0])
    assert subject.train == "head-then-all" and subject.fitted_parameters_["train"] == "all"
    expected = subject.predict_proba(images[:30])
    subject.save(tmp_path / "saved")
    loaded = SelfLearningClassifier.load(tmp_path / "saved")
    np.testing.assert_allclose(loaded.predict_proba(images[:30]), expected, atol=1e-5)
    found = exported(loaded, images[:30], tmp_path / "exported")
    np.testing.assert_allclose(found["probabilities"], expected, atol=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("last_step", [5, 20, 26])
def test_a_fit_that_is_stopped_in_the_network_s_training_goes_on(
    last_step, data, tmp_path, monkeypatch
):
    images, labels = data
    changes = {
        "restart": True,
        "targets": "soft",
        "labelled_share": 0.3,
        "pseudo_augment": "contrast,zoom",
    }
    expected = classifier(**changes).fit(images, labels)
    steps = []

    def stop():
        steps.append(1)
        if len(steps) == last_step:
            raise Stopped(signal.SIGTERM)

    monkeypatch.setattr(resuming, "check_for_stop", stop)
    with pytest.raises(Stopped):
        classifier(**changes).fit(images, labels, checkpoints=Checkpoints(tmp_path / "kept"))
    kept = Checkpoints(tmp_path / "kept")
    found = classifier(**changes).fit(images, labels, checkpoints=kept)
    assert found.history_ == expected.history_
    np.testing.assert_array_equal(found.transduction_, expected.transduction_)
    for now, then in zip(found.network_.trainer.weights, expected.network_.trainer.weights):
        np.testing.assert_array_equal(np.asarray(now), np.asarray(then))


@pytest.mark.slow
@pytest.mark.parametrize(("meta_iterations", "seen"), [(0, 48), (2, 40)])
def test_the_head_may_see_images_in_another_size(meta_iterations, seen, data, tmp_path):
    images, labels = data
    options = {"meta_iterations": meta_iterations, "image_size": 40}
    subject = classifier(**options, head_image_size=48).fit(images, labels)
    plain = classifier(**options).fit(images, labels)
    assert subject.history_[0] != plain.history_[0]
    same_head = classifier(train="head", meta_iterations=0, image_size=48).fit(images, labels)
    assert subject.history_[0] == same_head.history_[0]
    assert subject.fitted_parameters_["image_size"] == seen
    expected = subject.predict_proba(images[:30])
    subject.save(tmp_path / "saved")
    loaded = SelfLearningClassifier.load(tmp_path / "saved")
    np.testing.assert_allclose(loaded.predict_proba(images[:30]), expected, atol=1e-5)


@pytest.mark.slow
def test_without_meta_iterations_a_head_is_all(data, tmp_path):
    images, labels = data
    subject = classifier(meta_iterations=0).fit(images, labels)
    same = classifier(meta_iterations=0, train="head").fit(images, labels)
    assert subject.history_ == same.history_ and subject.fitted_parameters_["train"] == "head"
    subject.save(tmp_path / "saved")
    loaded = SelfLearningClassifier.load(tmp_path / "saved")
    assert loaded.train == "head"
    np.testing.assert_array_equal(loaded.predict(images), subject.predict(images))


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"meta_iterations": 1}, "meta_iterations is 1, and the network is first trained in meta-"),
        ({"pseudo_labels": "kept"}, "labels all images in the first of 2 head_rounds, so that not"),
        ({"labelled_share": 0.5, "batch_size": 1}, "labelled_share is 0.5, and batch_size is 1"),
        ({"head_rounds": 0}, "head_rounds is 0: give an integer from 1 to"),
    ],
)
def test_rounds_that_leave_the_network_untrained_are_refused(changes, match, data, monkeypatch):
    monkeypatch.setattr("keras_selflearn.estimator.learners.network_from", None)
    with pytest.raises(InputError, match=match):
        classifier(**changes).fit(*data)


def run(folder, **changes):
    options = {"dataset": "digits", "labels": 30, "train_images": 150, "test_images": 50}
    config = Config(**{**OPTIONS, **options, "results_dir": str(folder), **changes})
    return run_experiment(config)


@pytest.mark.slow
def test_a_run_tells_of_both(tmp_path):
    folder = run(tmp_path, folds=2)
    record = folder.read_run()
    assert [bool(each.gradient_steps) for each in record.history] == [False, False, True, True]
    assert record.verdict.images == 30 and record.cross_validation.folds == 2
    page = folder.path.joinpath("report.html").read_text()
    assert "From meta-iteration 2 on, the whole network was trained" in " ".join(page.split())
    pseudo_labels = folder.path.joinpath("pseudo_labels.csv").read_text().splitlines()
    assert len(pseudo_labels) == 1 + 120
    assert pseudo_labels[0].endswith("index,label,confidence,meta_iteration,matched,flips")
    flips = sum(int(row.split(",")[-1]) for row in pseudo_labels[1:])
    history = json.loads(folder.path.joinpath("run.json").read_text())["history"]
    assert ["flipped" in each for each in history] == [False, False, True, True]
    assert flips == sum(each["flipped"] for each in history[2:])
    columns = folder.path.joinpath("history.csv").read_text().splitlines()[0].split(",")
    assert columns[-1] == "flipped"


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes", [{"regime": "n-labelled"}, {"early_stop": True, "folds": 2, "meta_iterations": 2}]
)
def test_a_run_that_ends_early_ends_with_a_head(changes, tmp_path, monkeypatch):
    from keras_selflearn.selflearning.cross_validation import CrossValidation

    monkeypatch.setattr(CrossValidation, "best", lambda _: 1)
    folder = run(tmp_path, **changes)
    history = folder.read_run().history
    assert len(history) == (1 if "regime" in changes else 2)
    assert not any(each.gradient_steps for each in history)
    assert SelfLearningClassifier.load(folder.path / "classifier").train == "head"
