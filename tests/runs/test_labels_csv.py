"""The table of all labels of a run, written and read again."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from keras_selflearn.console.errors import InputError
from keras_selflearn.datasets.label_csv import read_label_csv
from keras_selflearn.runs.image_labels import ImageLabels
from keras_selflearn.runs.labels_csv import read_labels, write_labels

NAMES = ["=cat", "dog, brown"]
PATHS = ["a.png", "-b.png", "c\rd.png", "caf\udce9.png"]
FOUND = ImageLabels(
    labels=np.array([0, 1, -1, 1]),
    given=np.array([True, False, False, False]),
    meta_iteration=np.array([0, 2, -1, -1]),
    nearest=np.array([-1, 0, -1, -1]),
    doubt=np.array([0.25, 0.5, np.nan, np.nan]),
    instead=np.array([1, 0, -1, -1]),
    probability=np.array([np.nan, 0.75, np.nan, np.nan]),
    unlike=np.array([np.nan, 0.5, 1.0, np.nan]),
)


@pytest.mark.parametrize("paths", [PATHS, None])
def test_what_is_written_is_read(tmp_path, paths):
    path = tmp_path / "labels.csv"
    write_labels(path, FOUND, NAMES, paths)
    found = read_labels(path, NAMES, paths, 4)
    for each in fields(ImageLabels):
        np.testing.assert_array_equal(getattr(found, each.name), getattr(FOUND, each.name))


def test_a_row_says_what_people_ask(tmp_path):
    path = tmp_path / "labels.csv"
    write_labels(path, FOUND, NAMES, PATHS)
    lines = path.read_bytes().decode("utf-8-sig", "surrogateescape").split("\n")
    assert lines[0] == (
        "path,label,source,probability,doubt,instead,meta_iteration,nearest,unlike_training"
    )
    assert lines[1] == 'a.png,\'=cat,given,,0.2500,"dog, brown",0,,'
    assert lines[2] == "'-b.png,\"dog, brown\",predicted,0.7500,0.5000,'=cat,2,a.png,0.5000"
    assert lines[4] == 'caf\udce9.png,"dog, brown",predicted,,,,,,'


def test_predicted_labels_of_the_table_are_no_given_ones(tmp_path):
    path = tmp_path / "labels.csv"
    write_labels(path, FOUND, NAMES, PATHS)
    found = read_label_csv(path, tmp_path, PATHS)
    assert found == {PATHS[0]: "=cat", PATHS[1]: None, PATHS[2]: None, PATHS[3]: None}


@pytest.mark.parametrize(
    ("before", "after"),
    [("a.png", "b.png"), ("0.7500", "x"), ("given,", ""), (",predicted,", ",predicted,1,")],
)
def test_a_damaged_table_is_one_sentence(tmp_path, before, after):
    path = tmp_path / "labels.csv"
    write_labels(path, FOUND, NAMES, PATHS)
    content = path.read_bytes()
    path.write_bytes(content.replace(before.encode(), after.encode(), 1))
    with pytest.raises(InputError, match=r"labels\.csv, line \d, is damaged"):
        read_labels(path, NAMES, PATHS, 4)
