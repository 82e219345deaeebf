from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from run_contents import BARE_RECORD

from keras_selflearn.console.errors import InputError
from keras_selflearn.options.config import Config
from keras_selflearn.runs.record import (
    VERSION,
    MetaIteration,
    convert,
    read_record,
    write_record,
)
from keras_selflearn.runs.record import RunRecord as Record

ROOT = Path(__file__).parents[2]
SIZES = {"meta_iteration": 0, "labelled": 10, "selected": 0, "remaining": 5}


def written(tmp_path, **changes):
    path = tmp_path / "run.json"
    path.write_text(json.dumps({**BARE_RECORD, **changes}))
    return path


def test_what_is_written_is_read(tmp_path):
    history = [{**SIZES, "gradient_steps": 3, "loss": 0.5, "test_accuracy": 50.0}]
    record = convert({**BARE_RECORD, "config": {"loss": "arcface"}, "history": history}, Record)
    write_record(tmp_path / "run.json", record)
    assert read_record(tmp_path / "run.json") == record
    content = json.loads((tmp_path / "run.json").read_text())
    assert content["version"] == VERSION and content["config"] == {"loss": "arcface"}
    assert {*BARE_RECORD} <= {*content}


@pytest.mark.slow
@given(st.floats(0, 100) | st.none(), st.integers(0, 2**31), st.text(st.characters(codec="utf-8")))
def test_any_record_that_is_written_is_read(tmp_path_factory, accuracy, steps, name):
    path = tmp_path_factory.mktemp("run") / "run.json"
    history = [{**SIZES, "gradient_steps": steps, "test_accuracy": accuracy}]
    record = convert({**BARE_RECORD, "cause": name, "history": history}, Record)
    write_record(path, record)
    assert read_record(path) == record


def test_a_number_that_is_none_is_not_written(tmp_path):
    record = convert({**BARE_RECORD, "history": [{**SIZES, "loss": float("nan")}]}, Record)
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_record(tmp_path / "run.json", record)


def test_the_old_name_of_the_test_accuracy_is_read(tmp_path):
    history = [{**SIZES, "validation_accuracy": 62.5}]
    record = read_record(written(tmp_path, history=history))
    assert record.accuracies == [62.5] and record.version == VERSION
    assert record.history == [MetaIteration.of({**SIZES, "test_accuracy": 62.5})]


def test_what_was_called_stratified_is_the_selection_equal(tmp_path):
    flags = {"selection": "stratified", "augment": "shift, flip"}
    before = read_record(written(tmp_path, config=flags)).config
    assert (before.selection, before.augment) == ("equal", "whole-pixel-shift,flip")
    now = read_record(written(tmp_path, config=flags, version=VERSION))
    assert now.config.selection == "stratified"


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("results/*/*/run.json")), ids=lambda p: p.parts[-2]
)
def test_the_records_in_the_repository_are_read(path):
    record = read_record(path)
    content = json.loads(path.read_text())
    assert record.environment.keras_selflearn in ("0.1.0", "0.2.0")
    name = "test_accuracy" if "version" in content else "validation_accuracy"
    assert record.accuracies == [each[name] for each in content["history"]]
    steps = [each.gradient_steps for each in record.history]
    assert steps == [each.get("gradient_steps") for each in content["history"]]
    recorded = record.test_accuracy
    record.measure()
    assert record.test_accuracy == recorded == content["test_accuracy"]
    assert record.config.resolve().loss == content["config"]["loss"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"history": [{**SIZES, "labelled": "many"}]}, r"history\[0\].labelled: expected int"),
        ({"history": [{**SIZES, "meta_iteration": 3}]}, r"history\[0\] is of meta-iteration 3"),
        ({"history": [{**SIZES, "test_accuracy": 101}]}, r"history\[0\].test_accuracy: expected"),
        ({"status": "asleep"}, "status: invalid enum value 'asleep'"),
        ({"config": {"epochs": -1}}, "config.epochs: expected int"),
        ({"config": {"batch_size": 0}}, "config.batch_size: expected int"),
        ({"config": {"loss": None}}, "config.loss: expected str, got null"),
        ({"data": {}}, "data: object missing required field train"),
        ({"version": VERSION + 1}, "a later keras_selflearn wrote it"),
        ({"version": "1"}, "version: expected int"),
    ],
)
def test_an_error_names_the_file_and_the_field_in_one_sentence(tmp_path, changes, words):
    path = written(tmp_path, **changes)
    with pytest.raises(InputError, match=words) as caught:
        read_record(path)
    assert str(path) in str(caught.value) and len(str(caught.value).splitlines()) == 1


def test_an_accuracy_that_was_not_measured_yet_is_none(tmp_path):
    config = {"regime": "self-learning"}
    history = [{**SIZES, "validation_accuracy": 60.0}]
    history.append({**SIZES, "meta_iteration": 1, "validation_accuracy": None})
    cells = {"n_labelled": 60.0, "self_learning": None}
    path = written(tmp_path, config=config, history=history, test_accuracy=cells)
    record = read_record(path)
    assert record.test_accuracy == {"n_labelled": 60.0}
    record.measure()
    write_record(path, record)
    assert read_record(path) == record


def test_flags_of_other_versions_are_kept_and_are_no_part_of_the_configuration(tmp_path):
    record = read_record(written(tmp_path, config={"loss": "arcface", "colour": 7}))
    assert record.flags == {"loss": "arcface", "colour": 7}
    assert record.config == Config(loss="arcface")


def test_a_record_has_flips_only_where_labels_were_given_anew(tmp_path):
    history = [SIZES, {**SIZES, "meta_iteration": 1, "flipped": 3}]
    record = read_record(written(tmp_path, history=history))
    assert record.history[1].flipped == 3
    write_record(tmp_path / "again.json", record)
    assert read_record(tmp_path / "again.json") == record
    found = json.loads((tmp_path / "again.json").read_text())["history"]
    assert ["flipped" in each for each in found] == [False, True]
