"""Labels in minutes as a user has them: the preset `quick`, on a folder and in Python."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from exporting import exported
from PIL import Image

from keras_selflearn import SelfLearningClassifier
from keras_selflearn.console import command_line
from keras_selflearn.console.errors import InputError
from keras_selflearn.estimator import features_once
from keras_selflearn.estimator.features_once import features_folder
from keras_selflearn.options.config import Config
from keras_selflearn.options.presets import preset_file
from keras_selflearn.runs.before_and_after import BeforeAndAfter
from keras_selflearn.runs.experiment import run_experiment
from keras_selflearn.storage.checkpoint import Checkpoints

TINY = {"backbone": "tiny", "weights": "random", "image_size": None, "random_state": 0}


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def data(digits):
    labels = np.full(300, -1)
    for digit in range(10):
        labels[np.flatnonzero(digits.labels[:300] == digit)[:4]] = digit
    return digits.images[:300], labels, digits.labels[:300]


def quick(**changes):
    return SelfLearningClassifier(preset="quick", **{**TINY, **changes})


@pytest.mark.slow
def test_it_labels_all_images_and_gains(data, digits):
    images, labels, truth = data
    subject = quick()
    subject.fit(
        images, labels, validation_data=(digits.test_images, digits.test_labels), true_labels=truth
    )
    accuracies = [each["test_accuracy"] for each in subject.history_]
    assert len(accuracies) == 9 and max(accuracies[1:]) > accuracies[0]
    assert (subject.transduction_ >= 0).all() and subject.termination_condition_ == "all_labeled"
    np.testing.assert_array_equal(subject.transduction_[labels >= 0], labels[labels >= 0])
    predicted = subject.predict(digits.test_images)
    assert 100 * np.mean(predicted == digits.test_labels) == pytest.approx(accuracies[-1], abs=0.2)


@pytest.mark.slow
@pytest.mark.parametrize("changes", [{}, {"mirror": True}, {"labelling": "nearest"}])
def test_what_is_saved_and_exported_gives_the_same(data, changes, tmp_path):
    images, labels, _ = data
    subject = quick(**changes).fit(images, labels)
    expected = subject.predict_proba(images[:40])
    subject.save(tmp_path / "classifier")
    loaded = SelfLearningClassifier.load(tmp_path / "classifier")
    np.testing.assert_allclose(loaded.predict_proba(images[:40]), expected, atol=1e-5)
    np.testing.assert_array_equal(loaded.transduction_, subject.transduction_)
    rgb = np.repeat(images[:40], 4 - images.shape[-1], axis=-1)[..., :3]
    found = exported(subject, rgb, tmp_path / "exported")
    np.testing.assert_allclose(found["probabilities"], expected, atol=1e-3)


@pytest.mark.slow
def test_features_are_computed_once(data, monkeypatch):
    images, labels, _ = data
    first = quick().fit(images, labels)
    monkeypatch.setattr(features_once, "compute_features", counted(calls := []))
    again = quick(meta_iterations=8).fit(images, labels)
    assert calls == [0]  # no image was left to compute
    np.testing.assert_array_equal(again.transduction_, first.transduction_)
    assert len(list(features_folder().iterdir())) == 1


def counted(calls):
    real = features_once.compute_features

    def compute(*arguments, tell, **named):
        done = []
        found = real(*arguments, tell=lambda *how_far: done.append(how_far), **named)
        calls.append(len(done))
        return found

    return compute


@pytest.mark.slow
def test_a_stopped_fit_goes_on_to_the_same_labels(data, tmp_path):
    images, labels, _ = data
    expected = quick().fit(images, labels)

    class Stop(Exception):
        pass

    class StopAfterTwo:
        def on_meta_iteration_end(self, record, learner):
            if record.meta_iteration == 2:
                raise Stop

    checkpoints = Checkpoints(tmp_path / "checkpoints", minutes=5)
    with pytest.raises(Stop):
        quick().fit(images, labels, checkpoints=checkpoints, callbacks=[StopAfterTwo()])
    resumed = []

    class Resumed:
        def on_resume(self, history):
            resumed.append(len(history))

    found = quick().fit(images, labels, checkpoints=checkpoints, callbacks=[Resumed()])
    assert resumed == [2]
    np.testing.assert_array_equal(found.transduction_, expected.transduction_)
    assert found.history_ == expected.history_


@pytest.mark.slow
def test_shares_in_a_file_decide_the_run_and_the_file_is_not_needed_later(data, tmp_path):
    images, labels, _ = data
    shares = tmp_path / "shares.csv"
    shares.write_text("".join(f"{digit},1\n" for digit in range(10)))
    kept = {"checkpoints": Checkpoints(tmp_path / "checkpoints")}
    subject = quick(prior=shares).fit(images, labels, **kept)
    equal = quick(prior="equal").fit(images, labels)
    np.testing.assert_array_equal(subject.transduction_, equal.transduction_)
    subject.save(tmp_path / "classifier")
    shares.write_text(shares.read_text().replace("0,1", "0,5"))
    with pytest.raises(InputError, match="of another run: prior was"):
        quick(prior=shares).fit(images, labels, **kept)
    shares.unlink()
    loaded = SelfLearningClassifier.load(tmp_path / "classifier")
    np.testing.assert_array_equal(loaded.predict(images), subject.predict(images))


def test_without_unlabelled_images_the_head_is_all(data):
    images, _, truth = data
    subject = quick().fit(images[:100], truth[:100])
    assert [each["selected"] for each in subject.history_] == [0]


def test_one_label_a_class_is_enough(data):
    images, _, truth = data
    labels = np.full(300, -1)
    labels[[np.flatnonzero(truth == digit)[0] for digit in range(10)]] = np.arange(10)
    subject = quick(graph_neighbors=500).fit(images, labels)  # more than there are images
    assert (subject.transduction_ >= 0).all()


def test_images_that_are_all_equal_are_said(data):
    images, labels, _ = data
    equal = np.repeat(images[:1], 300, axis=0)
    with pytest.raises(InputError, match="none of 260 pseudo-labels was selected: .* all the same"):
        quick().fit(equal, labels)


@pytest.mark.slow
def test_the_graph_labels_for_a_trained_network_too(data):
    images, labels, truth = data
    for loss in ("cross-entropy", "triplet"):
        subject = SelfLearningClassifier(
            loss, **TINY, labelling="graph", pseudo_labels="revised", selection_percent=100,
            meta_iterations=1, epochs=3, meta_epochs=1, learning_rate=1e-2,
        )  # fmt: skip
        subject.fit(images, labels, true_labels=truth)
        assert (subject.transduction_ >= 0).all()
        assert subject.history_[1]["selected_accuracy"] > 20


@pytest.fixture(scope="module")
def photos(tmp_path_factory, digits):
    folder = tmp_path_factory.mktemp("photos")
    for i, (image, label) in enumerate(zip(digits.images[:150], digits.labels[:150])):
        name = f"labelled/{digits.class_names[label]}" if i < 60 else "unlabelled"
        (folder / name).mkdir(parents=True, exist_ok=True)
        Image.fromarray(image.squeeze()).save(folder / name / f"{i}.png")
    return folder


@pytest.mark.slow
def test_a_folder_is_labelled_by_one_command(photos, tmp_path):
    command = f"--dataset=folder --images={photos} --image_size=32 --backbone=tiny"
    command += f" --weights=random --results_dir={tmp_path}"
    done = subprocess.run(
        [sys.executable, "-m", "keras_selflearn.main", *command.split()],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    (line,) = (line for line in done.stdout.splitlines() if "Self-learning:" in line)
    assert " % (folds, " in line
    (record,) = tmp_path.glob("*/run.json")
    run = json.loads(record.read_text())
    assert run["config"]["train"] == "head" and run["config"]["labelling"] == "graph"
    assert run["verdict"]["images"] == 60
    page = record.with_name("report.html").read_text()
    assert line.strip().split(" (")[0].replace("->", "-&gt;") in page


@pytest.mark.slow
def test_folds_that_were_stopped_in_the_middle_say_what_they_would_have_said(
    photos, tmp_path, monkeypatch
):
    flags = [f"--flagfile={preset_file('quick')}", "--dataset=folder", f"--images={photos}"]
    flags += ["--image_size=32", "--backbone=tiny", "--weights=random", "--meta_iterations=2"]
    there, here = (
        command_line.parse(Config, [*flags, f"--results_dir={tmp_path / place}"])
        for place in ("there", "here")
    )
    expected = run_experiment(there).read_run()
    left = [5]  # in the second of three folds, each of which is measured three times
    measured = BeforeAndAfter.on_meta_iteration_end

    def stopped(self, record, learner):
        left[0] -= 1
        if left[0] == 0:
            raise KeyboardInterrupt
        measured(self, record, learner)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(BeforeAndAfter, "on_meta_iteration_end", stopped)
        run_experiment(here)
    found = run_experiment(here).read_run()
    assert found.verdict == expected.verdict and found.verdict.images == 60
    assert found.history == expected.history


@pytest.mark.slow
def test_what_the_folds_measured_as_a_loss_is_not_kept(photos, tmp_path, monkeypatch):
    from keras_selflearn.runs import folds
    from keras_selflearn.selflearning.verdict import Changes

    monkeypatch.setattr(Changes, "between", lambda *_: Changes(20, 15, 1, 4))
    assert folds.Changes is Changes
    options = {"images": str(photos), "image_size": 32, "results_dir": str(tmp_path)}
    config = Config(
        dataset="folder", train="head", labelling="graph", pseudo_labels="revised",
        selection_percent=100.0, meta_iterations=2, keep="best", backbone="tiny",
        weights="random", **options,
    )  # fmt: skip
    run = run_experiment(config).read_run()
    assert run.verdict.gain == -15 and len(run.history) == 1
    assert preset_file("quick").read_text().count("--keep=best") == 1
