from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest
from run_contents import BARE_RECORD

from keras_selflearn import __version__
from keras_selflearn.console.errors import InputError
from keras_selflearn.runs.claim_folder import opened
from keras_selflearn.runs.record import STATUSES, Process, RunRecord, convert, write_record

CONFIG = {"loss": "triplet", "epochs": 3, "weights": "random", "results_dir": "results"}
CONFIG.update(data_dir=None, profile=False, checkpoint_minutes=5.0, steps=None)


def asked(weights_sha256=None, **changes):
    """The record of a run with these flags."""
    data_sha256 = changes.pop("data_sha256", "d" * 64)
    digests = {"weights_sha256": weights_sha256, "data_sha256": data_sha256}
    digests["backbone_sha256"] = changes.pop("backbone_sha256", None)
    return convert({**BARE_RECORD, "config": {**CONFIG, **changes}, **digests}, RunRecord)


def write(folder, status="running", version=__version__, weights_sha256=None, **changes):
    """A run's folder with a record and a file of its own."""
    folder.mkdir(exist_ok=True)
    run = asked(weights_sha256, **changes)
    run.status = status
    run.processes = [Process(pid=4321, host="there", since="2020-02-02 02:02:02 +0000")]
    run.environment.keras_selflearn = version
    write_record(folder / "run.json", run)
    (folder / "mine").write_text("mine")
    (folder / "checkpoints").mkdir(exist_ok=True)
    (folder / "checkpoints" / "0.npz").write_text("what the run goes on from")
    return folder


def name_of(results, *arguments, **changes):
    with opened(results, "run", asked(*arguments, **changes)) as folder:
        return folder.path.name


def contents(path):
    """Of all files in a folder but locks."""
    return {
        str(file): file.read_bytes()
        for file in Path(path).rglob("*")
        if file.is_file() and file.name != ".lock"
    }


def refused(results, *arguments, **changes):
    """The message; nothing may change."""
    before = contents(results), sorted(os.listdir(results))
    with pytest.raises(InputError) as caught:
        name_of(results, *arguments, **changes)
    assert (contents(results), sorted(os.listdir(results))) == before
    return str(caught.value)


def test_a_new_run_gets_a_new_folder_that_others_keep_out_of(tmp_path):
    with opened(tmp_path, "run", asked()) as folder:
        assert folder.path == tmp_path / "run" and folder.path.is_dir() and folder.is_new()
        assert "run is in use by process unknown on this machine" in refused(tmp_path)
    assert name_of(tmp_path) == "run"  # nothing was written


def test_finished_runs_are_left_alone(tmp_path):
    write(tmp_path / "run", "finished")
    write(tmp_path / "run-2", "finished", epochs=9)
    before = contents(tmp_path)
    assert name_of(tmp_path) == "run-3"
    assert contents(tmp_path) == before


@pytest.mark.parametrize("status", sorted({*STATUSES} - {"finished"}))
def test_the_same_run_unfinished_is_gone_on_with(tmp_path, status):
    write(tmp_path / "run", "finished")
    write(tmp_path / "run-2", status)
    before = contents(tmp_path)
    assert name_of(tmp_path) == "run-2"
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    "place",
    [
        {"results_dir": "elsewhere"},
        {"data_dir": "/data"},
        {"profile": True},
        {"checkpoint_minutes": 0.5},
    ],
)
def test_places_make_no_other_run(tmp_path, place):
    write(tmp_path / "run", "interrupted")
    assert name_of(tmp_path, **place) == "run"


def test_other_flags_are_refused_each_with_both_values(tmp_path):
    write(tmp_path / "run", "interrupted", epochs=9, old=1)
    message = refused(tmp_path, new=2, steps=40, results_dir="elsewhere")
    assert message.startswith(f"{tmp_path / 'run'} is an unfinished run with other flags: ")
    for each in (
        "--epochs was 9 and is 3",
        "--old was 1 and is None",
        "--new was None and is 2",
        "--steps was None and is 40",
    ):
        assert each in message
    assert "results_dir was" not in message and "loss" not in message


@pytest.mark.parametrize("changes", [{"epochs": 9}, {"version": "0.0.1"}])
def test_a_run_with_nothing_to_go_on_from_blocks_none(tmp_path, changes):
    folder = write(tmp_path / "run", "failed", **changes)
    (folder / "checkpoints" / "0.npz").unlink()
    (folder / "images.csv").write_text("of the other run")
    assert name_of(tmp_path) == "run"
    assert {path.name for path in folder.iterdir()} <= {"mine", "checkpoints", ".lock"}


def test_a_run_that_failed_for_its_flags_blocks_none_with_others(tmp_path):
    folder = write(tmp_path / "run", "failed", epochs=9)
    record = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**record, "needs_other_flags": True}))
    before = contents(folder)
    assert name_of(tmp_path, epochs=9) == "run"
    assert name_of(tmp_path) == "run-2" and contents(folder) == before
    write(tmp_path / "run-2", "interrupted")
    assert name_of(tmp_path) == "run-2"


def test_a_fold_that_is_done_is_something_to_go_on_from(tmp_path):
    folder = write(tmp_path / "run", "failed", epochs=9)
    (folder / "checkpoints" / "0.npz").unlink()
    (folder / "folds").mkdir()
    (folder / "folds" / "1.json").write_text("{}")
    assert "--epochs was 9 and is 3" in refused(tmp_path)


def test_another_version_is_refused(tmp_path):
    write(tmp_path / "run", "interrupted", version="0.0.1")
    expected = f"an unfinished run of version 0.0.1, with which version {__version__} can't go on"
    assert expected in refused(tmp_path)


def test_a_finished_run_of_another_version_is_left_alone(tmp_path):
    write(tmp_path / "run", "finished", version="0.0.1")
    assert name_of(tmp_path) == "run-2"


@pytest.mark.parametrize(
    ("before", "now", "same"),
    [
        (("a" * 64, "x.h5"), ("a" * 64, "y/x.h5"), True),
        (("a" * 64, "x.h5"), ("b" * 64, "x.h5"), False),
        (("a" * 64, "x.h5"), (None, "random"), False),
        ((None, "imagenet"), ("a" * 64, "imagenet.h5"), False),
        ((None, "imagenet"), (None, "random"), False),
        ((None, "imagenet"), (None, "imagenet"), True),
    ],
)
def test_weights_are_compared_by_their_content(tmp_path, before, now, same):
    write(tmp_path / "run", "failed", weights_sha256=before[0], weights=before[1])
    if same:
        assert name_of(tmp_path, now[0], weights=now[1]) == "run"
    else:
        message = refused(tmp_path, now[0], weights=now[1])
        assert f"--weights was {before[1]} and is {now[1]}" in message


@pytest.mark.parametrize(
    ("now", "message"),
    [
        (("a" * 64, "elsewhere/m.keras"), ""),
        (("b" * 64, "m.keras"), "the file of the model was changed"),
        (("b" * 64, "other.keras"), "--backbone was m.keras and is other.keras"),
        ((None, "tiny"), "--backbone was m.keras and is tiny"),
    ],
)
def test_models_are_compared_by_their_content(tmp_path, now, message):
    write(tmp_path / "run", "failed", backbone="m.keras", backbone_sha256="a" * 64)
    if message:
        assert message in refused(tmp_path, backbone=now[1], backbone_sha256=now[0])
    else:
        assert name_of(tmp_path, backbone=now[1], backbone_sha256=now[0]) == "run"


@pytest.mark.parametrize(
    ("now", "message"),
    [
        (("," + "a" * 64, "tiny,elsewhere/m.keras"), ""),
        (("," + "b" * 64, "tiny,m.keras"), "the file of the model was changed"),
        (("," + "a" * 64, "vgg16,m.keras"), "--backbone was tiny,m.keras and is vgg16,m.keras"),
        (("a" * 64 + ",", "m.keras,tiny"), "--backbone was tiny,m.keras and is m.keras,tiny"),
        (("a" * 64, "m.keras"), "--backbone was tiny,m.keras and is m.keras"),
        ((None, "tiny"), "--backbone was tiny,m.keras and is tiny"),
    ],
)
def test_several_models_are_compared_one_by_one(tmp_path, now, message):
    write(tmp_path / "run", "failed", backbone="tiny,m.keras", backbone_sha256="," + "a" * 64)
    if message:
        assert message in refused(tmp_path, backbone=now[1], backbone_sha256=now[0])
    else:
        assert name_of(tmp_path, backbone=now[1], backbone_sha256=now[0]) == "run"


def test_the_same_run_in_another_process_is_named(tmp_path, hold):
    hold(write(tmp_path / "run"))
    message = refused(tmp_path)
    assert message.startswith(
        f"{tmp_path / 'run'} is in use by process 4321 on there, since 2020-02-02 02:02:02 +0000"
    )


def test_another_run_in_another_process_is_left_alone(tmp_path, hold):
    hold(write(tmp_path / "run", epochs=9))
    before = contents(tmp_path)
    assert name_of(tmp_path) == "run-2"
    assert contents(tmp_path) == before


def test_a_run_whose_process_was_killed_is_gone_on_with(tmp_path, hold):
    process = hold(write(tmp_path / "run"))
    process.kill()
    process.wait()
    assert name_of(tmp_path) == "run"


def test_what_is_no_run_s_is_left_alone(tmp_path):
    (tmp_path / "run").write_text("a file")
    (tmp_path / "run-2").mkdir()
    (tmp_path / "run-2" / "holiday.jpg").write_bytes(b"sun")
    (tmp_path / "run-3").symlink_to(tmp_path / "nowhere")
    before = contents(tmp_path)
    assert name_of(tmp_path) == "run-4"
    assert contents(tmp_path) == before
    assert os.listdir(tmp_path / "run-2") == ["holiday.jpg"]


def test_a_record_that_can_t_be_read_is_an_error(tmp_path):
    write(tmp_path / "run")
    (tmp_path / "run" / "run.json").write_text("{")
    assert "run.json, can't be read" in refused(tmp_path)


def test_a_run_that_finishes_in_between_is_left_alone(tmp_path, monkeypatch):
    write(tmp_path / "run")

    def lock_late(folder):
        if folder.name == "run":
            write(folder, "finished")
        return original(folder)

    original = opened.__wrapped__.__globals__["lock"]
    monkeypatch.setattr("keras_selflearn.runs.claim_folder.lock", lock_late)
    assert name_of(tmp_path) == "run-2"


def test_a_folder_that_can_t_be_made_is_an_error(tmp_path, monkeypatch):
    def fail(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "mkdir", fail)
    assert "run can't be made (No space left on device)" in refused(tmp_path)


def test_an_error_in_the_block_frees_the_folder(tmp_path):
    with pytest.raises(RuntimeError), opened(tmp_path, "run", asked()):
        raise RuntimeError
    assert name_of(tmp_path) == "run"


def test_other_images_are_another_run(tmp_path):
    write(tmp_path / "run", "interrupted")
    assert "the images or labels were changed" in refused(tmp_path, data_sha256="e" * 64)


def test_checkpoints_that_a_killed_process_left_in_a_finished_run_are_removed(tmp_path, hold):
    for name, status in {"done": "finished", "under-way": "running", "held": "finished"}.items():
        folder = write(tmp_path / name, status)
        for kept in (folder / "checkpoints", folder / "folds" / "1"):
            kept.mkdir(parents=True, exist_ok=True)
            (kept / "000003.checkpoint").write_text("large")
        (folder / "folds" / "1.json").write_text("{}")
    hold(tmp_path / "held")
    before = contents(tmp_path)
    name_of(tmp_path)
    removed = {path for path in before if "/done/" in path and path.endswith(".checkpoint")}
    assert len(removed) == 2 and before.keys() - removed == contents(tmp_path).keys()
    assert not (tmp_path / "done" / "folds" / "1").exists()
