from __future__ import annotations

import errno
import os

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from keras_selflearn.console.errors import InputError
from keras_selflearn.runs import events as module
from keras_selflearn.runs.events import EventFiles
from keras_selflearn.selflearning.record import Record


def record(number):
    return Record(number, 10, 2, 5, 7, 0.5, 40.0 + number, None, 20.0)


def scalars(folder):
    """By tag, what TensorBoard reads: pairs of step and value."""
    found = EventAccumulator(str(folder)).Reload()
    return {tag: [(x.step, x.value) for x in found.Scalars(tag)] for tag in found.Tags()["scalars"]}


def test_tensorboard_reads_what_was_noted(tmp_path):
    files = EventFiles(tmp_path)
    for number in range(3):
        files.on_epoch_end(2 * number, {"loss": 0.5})
        files.on_epoch_end(2 * number + 1, {"loss": 0.25})
        files.on_meta_iteration_end(record(number), None)
    found = scalars(tmp_path)
    assert found["epoch/loss"] == [(i, 0.25 if i % 2 else 0.5) for i in range(6)]
    assert found["meta_iteration/test_accuracy"] == [(0, 40), (1, 41), (2, 42)]
    assert found["meta_iteration/labelled"] == [(0, 10), (1, 10), (2, 10)]
    assert "meta_iteration/selected_accuracy" not in found


def test_a_later_process_adds_files(tmp_path):
    for number in range(2):
        EventFiles(tmp_path).on_meta_iteration_end(record(number), None)
    assert scalars(tmp_path)["meta_iteration/selected"] == [(0, 2), (1, 2)]


def test_only_whole_files_get_their_names(tmp_path, monkeypatch):
    files = EventFiles(tmp_path)
    files.on_epoch_end(0, {"loss": 1.0})
    assert not list(tmp_path.iterdir())
    monkeypatch.setattr(module, "_SECONDS_BETWEEN_FILES", -1)
    seen = []
    replace = os.replace
    monkeypatch.setattr(
        os, "replace", lambda *paths: (seen.append(os.stat(paths[0]).st_size), replace(*paths))
    )
    files.on_epoch_end(1, {"loss": 0.5})
    (path,) = tmp_path.iterdir()
    assert seen == [path.stat().st_size]
    assert scalars(tmp_path)["epoch/loss"] == [(0, 1.0), (1, 0.5)]


def test_a_full_disk_is_one_sentence(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(InputError, match=r"events.*\(No space left on device\): make room"):
        EventFiles(tmp_path).on_meta_iteration_end(record(0), None)
    assert not list(tmp_path.iterdir())
