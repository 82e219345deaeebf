from __future__ import annotations

import errno
import os
import platform
import signal
from types import SimpleNamespace

import numpy as np
import pytest

from keras_selflearn.console.errors import InputError
from keras_selflearn.console.profiling import Profile
from keras_selflearn.console.signals import Stopped
from keras_selflearn.runs.embedded_images import EmbeddedImages
from keras_selflearn.runs.folder import RunFolder
from keras_selflearn.runs.record import (
    Data,
    Environment,
    Estimate,
    MetaIteration,
    RunRecord,
    table_cells,
)
from keras_selflearn.runs.recorder import Recorder
from keras_selflearn.selflearning.cross_validation import CrossValidation
from keras_selflearn.selflearning.record import Record
from keras_selflearn.selflearning.trust import UntrustworthyError
from keras_selflearn.selflearning.verdict import Changes, Verdict

RUN = {
    "flags": {"regime": "self-learning", "loss": "triplet"},
    "weights_sha256": None,
    "environment": Environment(
        keras_selflearn="1",
        git_commit=None,
        python="3",
        packages={},
        cpu="a CPU",
        gpus=[],
        precision="float32",
    ),
    "data": Data(train=30, test=3, labelled=10, classes=["a", "b"]),
}
LEARNER = SimpleNamespace(test_embeddings=np.eye(3, dtype=np.float32))


IMAGES = np.arange(4 * 32 * 32 * 3, dtype=np.uint8).reshape(4, 32, 32, 3)
FILES = ("pseudo_labels", "classifier")
DATASET = SimpleNamespace(paths=None)
EMBEDDED = EmbeddedImages("test", IMAGES[:3], np.arange(3), np.array([0, 1, 1]))


@pytest.fixture
def clock(monkeypatch):
    """Tells the time, as it is set."""
    clock = SimpleNamespace(now=1000.0)
    monkeypatch.setattr("keras_selflearn.runs.recorder.time.monotonic", lambda: clock.now)
    return clock


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "run").mkdir()
    return RunFolder(tmp_path / "run")


def begin(folder, start=1000.0, embedded=EMBEDDED):
    record = RunRecord(status="running", history=[], **RUN)
    return Recorder(folder, record, embedded, Profile(), start)


def figures(number, **changes):
    of_record = {"meta_iteration": number, "labelled": 10, "selected": 2, "remaining": 5}
    of_record.update(gradient_steps=8, loss=0.5, test_accuracy=50.0 + number)
    of_record.update(selected_accuracy=None, unlabelled_accuracy=None)
    return {**of_record, **changes}


def iterations(*numbers):
    return [MetaIteration.of(figures(number)) for number in numbers]


def end_of(record, number, clock=None, seconds=0.0):
    if clock:
        clock.now += seconds
    record.on_meta_iteration_end(Record(**figures(number)), LEARNER)


def full_disk(monkeypatch):
    def fail(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fail)


def test_from_its_start_on_the_record_says_who_is_running(folder, clock):
    begin(folder)
    run = folder.read_run()
    assert run.status == "running" and run.cause is None
    assert run.processes[-1].pid == os.getpid() and run.processes[-1].host == platform.node()
    assert run.history == [] and run.test_accuracy == {} and run.seconds == 0
    assert {name: getattr(run, name) for name in RUN} == RUN


def test_each_meta_iteration_is_on_the_disk_at_once(folder, clock):
    record = begin(folder, start=990.0)
    end_of(record, 0, clock, 20)
    end_of(record, 1, clock, 5)
    run = folder.read_run()
    assert run.history == iterations(0, 1) and run.status == "running"
    assert run.test_accuracy == {"n_labelled": 50.0, "self_learning": 51.0}
    assert run.meta_iteration_seconds == [30.0, 5.0] and run.seconds == 35.0
    assert len((folder.path / "history.csv").read_text().splitlines()) == 3
    assert (folder.path / "embeddings-initial.npz").exists()


def test_a_run_gone_on_with_keeps_history_and_time(folder, clock):
    before = begin(folder)
    end_of(before, 0, clock, 10)
    end_of(before, 1, clock, 10)
    before.fail(Stopped(signal.SIGTERM))
    clock.now = 5000.0
    after = begin(folder, start=5000.0)
    assert folder.read_run().status == "running" and folder.read_run().cause is None
    after.on_resume([figures(0)])  # the checkpoint is from before the second
    assert folder.read_run().history == iterations(0)
    end_of(after, 1, clock, 7)
    run = folder.read_run()
    assert run.history == iterations(0, 1)
    assert run.seconds == 27.0 and sum(run.meta_iteration_seconds) == 27.0
    assert run.meta_iteration_seconds[0] == 10.0


def test_a_run_begun_anew_for_want_of_a_checkpoint_has_no_history(folder, clock):
    end_of(begin(folder), 0)
    begin(folder).on_resume([])
    assert folder.read_run().history == [] and folder.read_run().test_accuracy == {}


@pytest.mark.parametrize(
    ("error", "status", "cause"),
    [
        (Stopped(signal.SIGTERM), "interrupted", "SIGTERM"),
        (KeyboardInterrupt(), "interrupted", "KeyboardInterrupt"),
        (UntrustworthyError("The loss became nan."), "failed", "The loss became nan."),
        (MemoryError(), "failed", "MemoryError"),
        (RuntimeError("x"), "failed", "x"),
    ],
)
def test_how_it_ended_and_why(folder, clock, error, status, cause):
    record = begin(folder)
    record.fail(error)
    run = folder.read_run()
    assert (run.status, run.cause) == (status, cause)
    assert folder.status() == status


def test_a_full_disk_still_takes_why_the_run_ended(small_disk, clock):
    folder = RunFolder(small_disk / "run")
    folder.path.mkdir()
    record = begin(folder)
    for number in range(40):
        end_of(record, number)
    with pytest.raises(OSError), (small_disk / "filler").open("wb", buffering=0) as file:
        while True:
            file.write(bytes(1024))
    with pytest.raises(InputError, match="No space left"):
        end_of(record, 40)
    record.fail(InputError("No space left"))
    run = folder.read_run()
    assert (run.status, run.cause) == ("failed", "No space left")


def test_a_stop_says_where_the_run_is_kept(folder, clock):
    error = Stopped(signal.SIGINT)
    begin(folder).fail(error)
    assert error.kept == str(folder.path)


def test_what_could_not_begin_leaves_no_folder(folder, clock):
    begin(folder).fail(InputError("no such weights"))
    assert not folder.path.exists()


def test_what_was_there_before_is_never_removed(folder, clock):
    begin(folder)
    begin(folder).fail(InputError("No checkpoint is whole"))
    run = folder.read_run()
    assert (run.status, run.cause) == ("failed", "No checkpoint is whole")


def test_history_is_never_removed(folder, clock):
    record = begin(folder)
    end_of(record, 0)
    record.fail(InputError("disk full"))
    assert folder.read_run().history == iterations(0) and folder.status() == "failed"


def test_checkpoints_are_never_removed_with_what_failed(folder, clock):
    record = begin(folder)
    folder.checkpoints.mkdir()
    (folder.checkpoints / "000000.checkpoint").touch()
    record.fail(InputError("disk full"))
    assert folder.status() == "failed" and len(list(folder.checkpoints.iterdir())) == 1


def test_a_full_disk_does_not_hide_the_cause(folder, clock, monkeypatch):
    record = begin(folder)
    end_of(record, 0)
    full_disk(monkeypatch)
    record.fail(RuntimeError("the cause"))
    monkeypatch.undo()
    assert folder.read_run().history == iterations(0)
    assert folder.status() == "interrupted"  # nobody is at work


def test_a_full_disk_ends_a_meta_iteration_in_a_sentence(folder, clock, monkeypatch):
    record = begin(folder)
    full_disk(monkeypatch)
    with pytest.raises(InputError, match="can't be written"):
        end_of(record, 0)


def test_a_run_that_is_finished_says_so_last(folder, clock, monkeypatch):
    record = begin(folder)
    end_of(record, 0)
    written = []
    for name in FILES:
        monkeypatch.setattr(folder, f"write_{name}", lambda *_, name=name: written.append(name))
    monkeypatch.setattr(
        "keras_selflearn.runs.recorder.write_labels", lambda path, *_: written.append(path.name)
    )
    original = folder.write_run

    def write_run(run):
        assert (folder.path / "embeddings-final.npz").exists()
        written.append(run.status)
        original(run)

    monkeypatch.setattr(folder, "write_run", write_run)
    record.finish(SimpleNamespace(termination_condition_="max_iter", classes_=[]), DATASET, None)
    assert folder.read_run().termination == "max_iter"
    assert written == [*FILES[:1], "labels.csv", *FILES[1:], "finished"]
    assert folder.status() == "finished"


def test_embeddings_of_a_run_with_nothing_left_to_train_are_those_of_its_classifier(
    folder, clock, monkeypatch
):
    end_of(begin(folder), 0)
    record = begin(folder)
    record.on_resume([figures(0)])
    for name in FILES:
        monkeypatch.setattr(folder, f"write_{name}", lambda *_: None)
    monkeypatch.setattr("keras_selflearn.runs.recorder.write_labels", lambda *_: None)
    embed_as_brightness(monkeypatch)
    fitted = SimpleNamespace(network_=3.0, termination_condition_="max_iter", classes_=[])
    record.finish(fitted, DATASET, None)
    with np.load(folder.path / "embeddings-final.npz") as content:
        np.testing.assert_array_equal(content["embeddings"], brightness(range(3), 3.0))


def brightness(indices, scale):
    return np.stack([np.full(2, IMAGES[i].mean() * scale, np.float16) for i in indices])


def embed_as_brightness(monkeypatch):
    def embed(network, images, indices):
        assert images is EMBEDDED.images or images is IMAGES
        return brightness(indices, network)

    monkeypatch.setattr("keras_selflearn.runs.recorder.embed", embed)


def test_without_test_images_embeddings_are_of_training_images(folder, clock, monkeypatch):
    record = begin(
        folder, embedded=EmbeddedImages("train", IMAGES, np.array([1, 3]), np.array([0, -1]))
    )
    for name in FILES:
        monkeypatch.setattr(folder, f"write_{name}", lambda *_: None)
    monkeypatch.setattr("keras_selflearn.runs.recorder.write_labels", lambda *_: None)
    scale = iter([1.0, 2.0])
    learner = SimpleNamespace(
        test_embeddings=None, embed=lambda indices: brightness(indices, next(scale))
    )
    record.on_meta_iteration_end(Record(**figures(0, test_accuracy=None)), learner)
    record.finish(SimpleNamespace(termination_condition_="max_iter", classes_=[]), DATASET, None)
    for when, scale in (("initial", 1.0), ("final", 2.0)):
        with np.load(folder.path / f"embeddings-{when}.npz", allow_pickle=False) as content:
            np.testing.assert_array_equal(content["embeddings"], brightness([1, 3], scale))
            assert content["indices"].tolist() == [1, 3] and content["labels"].tolist() == [0, -1]
            assert content["of"] == "train"
    assert folder.read_run().test_accuracy == {}


def test_what_cross_validation_found_is_kept(folder, clock):
    verdict = Verdict.of([Changes(images=4, right_before=2, gained=1, lost=0)])
    begin(folder).estimate(CrossValidation(2, (50.0, None), (1.0, None)), verdict)
    expected = Estimate(folds=2, accuracy=[50.0, None], spread=[1.0, None])
    for _ in range(2):
        run = folder.read_run()
        assert run.cross_validation == expected
        assert (run.verdict.before, run.verdict.after, run.verdict.gain) == (50, 75, 25)
        begin(folder).on_resume([])


def test_cells_of_the_table():
    history = [50.0, 51.0]
    assert table_cells("self-learning", []) == {}
    assert table_cells("self-learning", history) == {"n_labelled": 50.0, "self_learning": 51.0}
    assert table_cells("n-labelled", history[:1]) == {"n_labelled": 50.0}
    assert table_cells("all-labelled", history[:1]) == {"all_labelled": 50.0}
