from __future__ import annotations

import json

import numpy as np
import pytest
from run_contents import BARE_RECORD

from keras_selflearn.console.errors import InputError
from keras_selflearn.runs.finished_run import classifier_folder, image_paths


def write_run(folder, status):
    folder.mkdir(exist_ok=True)
    (folder / "run.json").write_text(json.dumps({**BARE_RECORD, "status": status}))


def test_a_finished_run_has_its_classifier_inside(tmp_path):
    write_run(tmp_path, "finished")
    assert classifier_folder(tmp_path) == tmp_path / "classifier"


def test_a_saved_classifier_is_itself(tmp_path):
    (tmp_path / "classifier.json").write_text("{}")
    assert classifier_folder(tmp_path) == tmp_path


@pytest.mark.parametrize("status", ["running", "interrupted", "failed"])
def test_a_run_that_is_not_finished_is_an_error(tmp_path, status):
    write_run(tmp_path, status)
    with pytest.raises(InputError, match="is not finished but (interrupted|failed)"):
        classifier_folder(tmp_path)


def test_what_is_neither_is_an_error(tmp_path):
    with pytest.raises(InputError, match="There is no folder"):
        classifier_folder(tmp_path / "none")
    with pytest.raises(InputError, match="neither a run's folder"):
        classifier_folder(tmp_path)
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(InputError, match="can't be read"):
        classifier_folder(tmp_path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_paths_of_the_images_that_are_asked_for(tmp_path, encoding):
    rows = 'index,path,label\n0,a.png,cat\n1,"b,\n\'"".png",\n2,ü/\udcff.png,dog\n'
    path = tmp_path / "images.csv"
    path.write_text(rows, encoding=encoding, errors="surrogateescape")
    found = image_paths(path, np.array([2, 1]))
    assert found == {1: "b,\n'\".png", 2: "ü/\udcff.png"}
    assert image_paths(path, np.array([], np.int64)) == {}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "must have the columns index and path"),
        (b"number,path\n0,a\n", "must have the columns"),
        (b"index,path\n0,a\n", "image 1 is missing"),
        (b"index,path\nx,a\n", "line 2, is damaged"),
        (b"index,path\n1\n", "line 2, is damaged: the path is missing"),
        (b"index,path\n1,\n", "line 2, is damaged: the path is missing"),
        (b"index,path\n,\n", "line 2, is damaged"),
        (b'index,path\n1,"a\n', "is damaged"),
    ],
)
def test_a_damaged_list_of_images_is_an_error(tmp_path, content, message):
    (tmp_path / "images.csv").write_bytes(content)
    with pytest.raises(InputError, match=message):
        image_paths(tmp_path / "images.csv", np.array([1]))


def test_a_list_of_images_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(InputError, match="No such file"):
        image_paths(tmp_path / "images.csv", np.array([1]))
