from __future__ import annotations

import contextlib
import os
import shutil
import signal
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from keras_selflearn.console.errors import InputError, InputWarning
from keras_selflearn.console.signals import Stopped, stop_signals
from keras_selflearn.datasets.splitting import subset
from keras_selflearn.losses.arcface import ArcFace
from keras_selflearn.losses.contrastive import Contrastive
from keras_selflearn.losses.cross_entropy import CrossEntropy
from keras_selflearn.losses.triplet import Triplet
from keras_selflearn.options.config import Config
from keras_selflearn.runs import configuration
from keras_selflearn.runs.configuration import make_classifier, make_objective, resolve
from keras_selflearn.runs.data import describe_data, training_labels
from keras_selflearn.runs.experiment import run_experiment
from keras_selflearn.runs.folder import RunFolder
from keras_selflearn.runs.pictures import redraw_run
from keras_selflearn.runs.record import Sizes, table_cells
from keras_selflearn.runs.recorder import Recorder
from keras_selflearn.runs.run_name import run_name
from keras_selflearn.storage.checkpoint import Checkpoints


def config(**changes):
    return Config(**changes).resolve()


def test_balanced_labels_are_shown_and_the_others_hidden(digits):
    labels = training_labels(digits, config(labels=50))
    shown = labels != "-1"
    names, counts = np.unique(labels[shown], return_counts=True)
    assert names.tolist() == [str(digit) for digit in range(10)] and set(counts) == {5}
    assert (labels[shown].astype(int) == digits.labels[shown]).all()


def test_all_labelled_hides_nothing(digits):
    labels = training_labels(digits, config(regime="all-labelled"))
    np.testing.assert_array_equal(labels.astype(int), digits.labels)


def test_another_seed_shows_other_labels(digits):
    first, second = (training_labels(digits, config(seed=seed)) for seed in (0, 1))
    assert (first != second).any()


def test_every_option_reaches_the_classifier():
    asked = {
        "weights": "x.h5",
        "backbone": "tiny",
        "selection_percent": 7.0,
        "selection": "stratified",
        "min_confidence": 0.75,
        "labelling": "softmax",
        "reference": "all",
        "n_neighbors": 3,
        "validation_features": "standardised",
        "compared_embedding": "raw",
        "order": "train-first",
        "meta_iterations": 9,
        "epochs": 11,
        "meta_epochs": 12,
        "steps": 15,
        "meta_steps": 16,
        "settled_epochs": 17,
        "decay": "cosine",
        "warmup": 0.3,
        "ema_momentum": 0.9,
        "evaluate_every": 18,
        "batch_size": 13,
        "embedding_size": 14,
        "optimizer": "sgd",
        "learning_rate": 0.5,
        "self_learning_rate": 0.25,
        "dropout": 0.1,
        "augment": "none",
        "pseudo_augment": "zoom",
        "labelled_share": 0.2,
        "images_per_class": 3,
        "pseudo_weights": "confidence",
        "targets": "soft",
        "restart": True,
        "batch_statistics": True,
        "label_views": "flip",
        "head_image_size": 64,
        "precision": "float32",
        "strategy": "mirrored",
        "train": "head",
        "head": "discriminant",
        "meta_head": "logistic",
        "mirror": True,
        "head_rounds": 3,
        "voters": "graph,nearest",
        "image_size": 48,
        "preprocessing": "tf",
        "pseudo_labels": "revised",
        "graph_neighbors": 19,
        "graph_dimensions": 20,
        "graph_exponent": 2.5,
        "graph_alpha": 0.4,
        "prior": "equal",
    }
    parameters = make_classifier(config(**asked, seed=17)).get_params(deep=False)
    assert {name: parameters[name] for name in asked} == asked
    assert parameters["random_state"] == 17
    assert set(parameters) == {*asked, "random_state", "loss", "preset", "float_max"}


@pytest.mark.parametrize("regime", ["n-labelled", "all-labelled"])
def test_only_self_learning_has_meta_iterations(regime):
    assert make_classifier(config(regime=regime)).meta_iterations == 0


def test_a_run_that_ends_early_has_the_beginning_of_its_list_of_shares():
    shares = {"selection_percent": "20,40,60", "pseudo_labels": "revised", "meta_iterations": 4}
    for last, expected in ((4, "20,40,60"), (3, "20,40,60"), (2, "20,40"), (1, 20)):
        classifier = make_classifier(config(**shares))
        configuration.end_at(classifier, last)
        classifier.check_parameters()
        assert classifier.selection_percent == expected
    make_classifier(config(**shares, regime="n-labelled")).check_parameters()


def test_all_labels_are_trained_on_for_epochs_of_their_own():
    asked = {"epochs": 3, "all_labelled_epochs": 5, "steps": 7}
    assert make_classifier(config(regime="n-labelled", **asked)).steps == 7
    classifier = make_classifier(config(regime="all-labelled", **asked))
    assert (classifier.epochs, classifier.steps) == (5, None)


def test_parameters_reach_the_loss_that_has_them():
    options = {"margin": 0.3, "contrastive_power": 2, "arcface_scale": 8.0, "arcface_margin": 0.1}
    options["triplet_distance"] = "squared"
    assert make_objective(config(label_smoothing=0.2)) == CrossEntropy(0.2)
    assert make_objective(config(loss="triplet", **options)) == Triplet(0.3, "squared")
    assert make_objective(config(loss="contrastive", **options)) == Contrastive(0.3, 2)
    assert make_objective(config(loss="arcface", **options)) == ArcFace(8.0, 0.1)


def test_run_name_tells_cells_apart():
    name = run_name(config(weights="/some/where/vgg16_notop.weights.h5", seed=2))
    assert name == "digits-cross-entropy-vgg16_notop-self-learning-seed2"


def test_a_run_with_a_model_of_one_s_own_is_called_by_its_file():
    several = Config(backbone="tiny,/some/where/mine.keras,a.h5,vgg16", train="head", seed=3)
    assert run_name(resolve(several)).split("-")[3] == "random+mine+a"
    name = run_name(resolve(Config(backbone="/some/where/mine.keras", seed=2)))
    assert name == "digits-cross-entropy-mine-self-learning-seed2"


def test_accuracies_of_a_run_by_regime():
    history = [50.0, 75.0]
    assert table_cells("self-learning", history) == {"n_labelled": 50.0, "self_learning": 75.0}
    assert table_cells("n-labelled", history[:1]) == {"n_labelled": 50.0}
    assert table_cells("all-labelled", history[:1]) == {"all_labelled": 50.0}


def quick(tmp_path, **changes):
    options = {"backbone": "tiny", "epochs": 2, "meta_epochs": 1, "meta_iterations": 2}
    options.update(results_dir=str(tmp_path), deterministic=True, loss="triplet")
    return Config(**{**options, **changes})


@pytest.mark.slow
def test_same_seed_and_deterministic_give_the_same_history(tmp_path):
    first, second = (run_experiment(quick(tmp_path)).read_run() for _ in range(2))
    assert first.history == second.history and len(first.history) == 3


@pytest.mark.slow
def test_test_images_choose_nothing(tmp_path, monkeypatch, digits):
    """With other test images the run differs in nothing but its test accuracy."""
    folders = [run_experiment(quick(tmp_path))]
    inverted = replace(digits, test_images=255 - digits.test_images[:50],
                       test_labels=digits.test_labels[:50])  # fmt: skip
    monkeypatch.setattr("keras_selflearn.runs.loaded.load", lambda _: inverted)
    folders.append(run_experiment(quick(tmp_path)))
    pseudo_labels = [(folder.path / "pseudo_labels.csv").read_text() for folder in folders]
    losses = [[r.loss for r in folder.read_run().history] for folder in folders]
    assert pseudo_labels[0] == pseudo_labels[1] and losses[0] == losses[1]


@pytest.mark.slow
def test_train_first_keeps_the_last_selection_though_it_is_not_trained_on(tmp_path):
    folder = run_experiment(
        quick(tmp_path, order="train-first", validation_features="standardised")
    )
    first, second, last = folder.read_run().history
    assert second.labelled == first.labelled and first.selected == 0
    assert last.labelled == first.labelled + second.selected
    rows = (folder.path / "pseudo_labels.csv").read_text().splitlines()[1:]
    meta_iterations = [int(row.split(",")[3]) for row in rows]
    assert meta_iterations == [1] * second.selected + [2] * last.selected


def test_an_error_of_the_user_leaves_no_folder(tmp_path):
    with pytest.raises(ValueError, match="no weights file"):
        run_experiment(quick(tmp_path, weights="no/such.h5"))
    assert list(tmp_path.iterdir()) == []


def test_more_labels_than_there_are_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="ask for at most"):
        run_experiment(quick(tmp_path, labels=5000))
    assert list(tmp_path.iterdir()) == []


def test_all_labelled_has_epochs_of_its_own():
    asked = {"epochs": 7, "all_labelled_epochs": 3}
    assert make_classifier(config(regime="all-labelled", **asked)).epochs == 3
    assert make_classifier(config(**asked)).epochs == 7
    assert make_classifier(config(regime="all-labelled", epochs=7)).epochs == 7


def test_sizes_of_the_whole_are_set_against_the_paper_s(digits):
    part = subset(digits, 200, 50)
    labelled = np.array(["3"] * 60 + ["7"] * 40)
    assert describe_data("digits", digits, part, labelled).difference_from_paper is None
    data = describe_data("cifar10", digits, part, labelled)
    assert data.labelled_per_class == {**{str(i): 0 for i in range(10)}, "3": 60, "7": 40}
    assert data.difference_from_paper == Sizes(train=1297 - 50_000, test=500 - 10_000)
    assert data.whole == Sizes(train=1297, test=500)
    assert (data.train, data.test, data.labelled) == (200, 50, 100)


def run_on_subset(results_dir, **changes):
    options = dict(backbone="tiny", train_images=200, test_images=50, labels=20)
    options.update(epochs=1, meta_iterations=1, meta_epochs=1)
    return run_experiment(Config(results_dir=str(results_dir), **{**options, **changes}))


@pytest.mark.slow
def test_an_experiment_on_a_subset(tmp_path):
    data = run_on_subset(tmp_path).read_run().data
    assert (data.train, data.test, data.labelled) == (200, 50, 20)


@pytest.mark.slow
def test_the_profile_names_what_takes_time(tmp_path):
    changes = {"weights": "random", "loss": "triplet", "meta_iterations": 2, "profile": True}
    folder = run_on_subset(tmp_path, **changes)
    lines = (folder.path / "profile.txt").read_text().splitlines()
    stages = {line.split("  ")[0] for line in lines[1:-1]}
    kinds = {f"embed {kind} images" for kind in ("test", "labelled", "unlabelled")}
    steps = {"load data", "build network", "train", "label", "write", "checkpoint", "other"}
    steps.add("doubt")
    assert stages == kinds | steps


def test_the_loss_decides_the_optimizer():
    assert resolve(Config(loss="contrastive")).optimizer == "rmsprop"
    assert resolve(Config(loss="triplet")).optimizer == "adam"
    assert resolve(Config(loss="triplet", optimizer="sgd")).optimizer == "sgd"


NAME = "digits-triplet-random-self-learning-seed0"


def short(tmp_path, **changes):
    """Two steps, then three times one."""
    options = {"train_images": 200, "test_images": 50, "labels": 20, "batch_size": 10}
    options.update(epochs=1, meta_steps=1, meta_iterations=3)
    return quick(tmp_path, **{**options, **changes})


@pytest.fixture(scope="module")
def never_stopped(tmp_path_factory):
    return run_experiment(short(tmp_path_factory.mktemp("results")))


def end_at(monkeypatch, step, how):
    """Send a signal to, or raise an error in, the gradient step of this number."""
    left = [step]

    def on_train_batch_end(self, batch, logs=None):
        left[0] -= 1
        if left[0] == 0:
            if isinstance(how, BaseException):
                raise how
            os.kill(os.getpid(), how)

    monkeypatch.setattr(Recorder, "on_train_batch_end", on_train_batch_end, raising=False)


def assert_same_run(found, expected):
    assert found.read_run().history == expected.read_run().history
    for name in ("history.csv", "pseudo_labels.csv", "curve.png"):
        assert (found.path / name).read_bytes() == (expected.path / name).read_bytes()
    for name in ("embeddings-initial.npz", "embeddings-final.npz", "classifier/arrays.npz"):
        with np.load(found.path / name) as one, np.load(expected.path / name) as other:
            for array in other:
                np.testing.assert_array_equal(one[array], other[array])
    run = found.read_run()
    assert run.status == "finished" and run.cause is None
    assert run.test_accuracy == expected.read_run().test_accuracy
    assert run.test_verdict == expected.read_run().test_verdict is not None
    assert not found.labels_of("test").exists()
    assert len(run.meta_iteration_seconds) == len(run.history)
    assert sum(run.meta_iteration_seconds) <= run.seconds
    assert not found.checkpoints.exists()


@pytest.mark.slow
@pytest.mark.parametrize("step", [1, 4])
def test_a_run_that_was_stopped_is_gone_on_with_by_the_same_command(
    tmp_path, monkeypatch, never_stopped, step
):
    end_at(monkeypatch, step, signal.SIGTERM)
    with pytest.raises(Stopped) as caught, stop_signals():
        run_experiment(short(tmp_path))
    folder = RunFolder(tmp_path / NAME)
    assert caught.value.kept == str(folder.path)
    run = folder.read_run()
    assert (folder.status(), run.cause) == ("interrupted", "SIGTERM")
    assert len(run.history) == (0 if step == 1 else 2)
    monkeypatch.undo()
    assert_same_run(run_experiment(short(tmp_path, checkpoint_minutes=1.0)), never_stopped)
    assert os.listdir(tmp_path) == [NAME]


@pytest.mark.slow
@pytest.mark.parametrize("method", ["write", "remove"])
def test_a_run_that_ends_between_its_record_and_its_checkpoint_repeats_nothing(
    tmp_path, monkeypatch, never_stopped, method
):
    def fail(*_):
        raise MemoryError

    monkeypatch.setattr(Checkpoints, method, fail)
    with pytest.raises(MemoryError):
        run_experiment(short(tmp_path))
    folder = RunFolder(tmp_path / NAME)
    monkeypatch.undo()
    if method == "remove":  # it was done
        assert folder.status() == "finished"
        Checkpoints(folder.checkpoints).remove()
        redraw_run(folder.path)
        assert_same_run(folder, never_stopped)
        return
    run = folder.read_run()
    assert (run.status, len(run.history)) == ("failed", 1)
    assert_same_run(run_experiment(short(tmp_path)), never_stopped)


@pytest.mark.slow
def test_a_run_whose_checkpoints_are_all_damaged_loses_nothing(tmp_path, monkeypatch, capsys):
    end_at(monkeypatch, 4, RuntimeError("power cut"))
    with pytest.raises(RuntimeError):
        run_experiment(short(tmp_path))
    monkeypatch.undo()
    folder = RunFolder(tmp_path / NAME)
    before = folder.read_run()
    assert (before.status, before.cause, len(before.history)) == ("failed", "power cut", 2)
    kept = sorted(folder.checkpoints.iterdir())
    assert len(kept) == 2
    for path in kept:
        path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(InputError, match="No checkpoint in .* is whole"):
        run_experiment(short(tmp_path))
    after = folder.read_run()
    assert after.history == before.history and sorted(folder.checkpoints.iterdir()) == kept
    for name in ("test_accuracy", "meta_iteration_seconds"):
        assert getattr(after, name) == getattr(before, name)
    assert after.status == "failed" and "No checkpoint" in after.cause


@pytest.mark.slow
def test_a_run_that_went_wrong_says_so_and_keeps_its_last_good_checkpoint(tmp_path):
    with pytest.raises(InputError) as caught:
        run_experiment(short(tmp_path, meta_steps=3, self_learning_rate=1e30))
    run = RunFolder(tmp_path / NAME).read_run()
    assert run.status == "failed" and run.cause == str(caught.value)
    assert "meta-iteration 1" in run.cause and len(run.history) == 1
    kept = Checkpoints(RunFolder(tmp_path / NAME).checkpoints).latest()
    assert kept.numbers["position"]["meta_iteration"] == 1
    assert all(
        np.isfinite(array).all() for name, array in kept.arrays.items() if "variable" in name
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ({"self_learning_rate": 1e30}, {"self_learning_rate": 1e-4}),
        ({"batch_size": 20}, {"batch_size": 10}),
    ],
    ids=["NaN", "a full memory"],
)
def test_what_an_error_advises_is_not_refused(tmp_path, monkeypatch, wrong, right):
    with monkeypatch.context() as patch:
        if "batch_size" in wrong:
            end_at(patch, 2, MemoryError())
        with pytest.raises((InputError, MemoryError)):
            run_experiment(short(tmp_path, meta_steps=3, **wrong))
    failed = RunFolder(tmp_path / NAME)
    assert failed.has_progress() and failed.read_run().needs_other_flags
    run = run_experiment(short(tmp_path, meta_steps=3, meta_iterations=1, **right))
    assert run.path.name == f"{NAME}-2" and run.status() == "finished"
    assert not run.read_run().needs_other_flags and failed.has_progress()


@pytest.mark.slow
def test_a_run_that_went_wrong_at_once_keeps_its_record(tmp_path):
    with pytest.raises(InputError):
        run_experiment(short(tmp_path, epochs=3, learning_rate=1e30))
    run = RunFolder(tmp_path / NAME).read_run()
    assert run.status == "failed" and run.history == []
    assert "meta-iteration 0" in run.cause


@pytest.mark.slow
def test_a_run_that_is_finished_is_not_gone_on_with(tmp_path):
    first, second = (run_experiment(short(tmp_path, meta_iterations=0)) for _ in range(2))
    assert (first.path.name, second.path.name) == (NAME, f"{NAME}-2")
    assert first.status() == second.status() == "finished"


@pytest.mark.slow
def test_a_disk_that_is_really_full_says_so_and_loses_no_checkpoint(small_disk, monkeypatch):
    (small_disk / "ballast").write_bytes(bytes(2**19))

    def fill(self, record, learner):
        if record.meta_iteration == 1:
            with contextlib.suppress(OSError), (small_disk / "more").open("wb") as file:
                file.write(bytes(2**20))
        original(self, record, learner)

    original = Recorder.on_meta_iteration_end
    monkeypatch.setattr(Recorder, "on_meta_iteration_end", fill)
    with pytest.raises(InputError, match="can't be written .*No space left on device"):
        run_experiment(short(small_disk))
    monkeypatch.undo()
    folder = RunFolder(small_disk / NAME)
    assert len(folder.read_run().history) == 2
    assert folder.status() == "failed" and "No space left" in folder.read_run().cause
    assert Checkpoints(folder.checkpoints).latest().numbers["position"]["meta_iteration"] == 1
    (small_disk / "more").unlink()
    (small_disk / "ballast").unlink()
    assert len(run_experiment(short(small_disk)).read_run().history) == 4


@pytest.mark.slow
def test_a_run_whose_batches_can_teach_nothing_says_so(tmp_path):
    with pytest.warns(InputWarning, match="triplet loss compares .*, and batch_size is 1"):
        run_experiment(short(tmp_path, batch_size=1, meta_iterations=0, steps=1))


def when_done(monkeypatch, meta_iteration, act):
    """Do something with the run's folder at the end of this meta-iteration."""
    done = Recorder.on_meta_iteration_end

    def on_meta_iteration_end(self, record, learner):
        done(self, record, learner)
        if record.meta_iteration == meta_iteration:
            act(self._folder.path)

    monkeypatch.setattr(Recorder, "on_meta_iteration_end", on_meta_iteration_end)


@pytest.mark.slow
@pytest.mark.parametrize("meta_iteration", [0, 3])
@pytest.mark.parametrize("folds", [0, 2])
def test_a_folder_that_is_removed_during_the_run_is_said_and_not_made_again(
    tmp_path, monkeypatch, meta_iteration, folds
):
    when_done(monkeypatch, meta_iteration, lambda path: shutil.rmtree(path))
    with pytest.raises(InputError, match=f"{NAME}.* (was removed|is not there, or not any more)"):
        run_experiment(short(tmp_path, folds=folds))
    assert os.listdir(tmp_path) == []


@pytest.mark.slow
def test_a_folder_that_is_cleared_during_the_run_has_all_files_at_its_end(tmp_path, monkeypatch):
    def clear(path):
        for each in path.iterdir():
            if each.is_dir():
                shutil.rmtree(each)
            elif not each.name.startswith("."):
                each.unlink()

    for i in range(12):
        place = tmp_path / "photos" / (f"labelled/{'ab'[i % 2]}" if i < 6 else "unlabelled")
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((32, 32, 3), 20 * i, np.uint8)).save(place / f"{i}.png")
    changes = {"dataset": "folder", "images": str(tmp_path / "photos"), "image_size": 32}
    changes.update(train_images=None, test_images=None, labels=None, weights="random")
    when_done(monkeypatch, 1, clear)
    run = run_experiment(short(tmp_path, **changes))
    assert {"images.csv", "skipped.csv", "run.json", "history.csv", "pseudo_labels.csv"} < {
        path.name for path in run.path.iterdir()
    }
