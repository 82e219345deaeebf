"""Tests of text files that are no files, have holes, or have no ends of lines."""

from __future__ import annotations

import os

import numpy as np
import pytest

from keras_selflearn.console.errors import InputError
from keras_selflearn.datasets.label_csv import read_label_csv
from keras_selflearn.runs.finished_run import image_paths
from keras_selflearn.storage.lines import opened_lines
from keras_selflearn.storage.tables import opened_table


def make_fifo(path):
    os.mkfifo(path)


def make_link_to_a_device(path):
    path.symlink_to("/dev/zero")


def make_holes(path):
    with path.open("w") as file:
        file.write("index,path,label\n0,")
        file.truncate(12 * 2**30)


def make_long_line(path):
    path.write_text("index,path,label\n0," + "x" * 2**21 + "\n")


BAD = [make_fifo, make_link_to_a_device, make_holes, make_long_line]
REASON = "it is not a file|a line has more than 1,048,576 characters"


@pytest.mark.parametrize("make", BAD)
def test_a_list_of_images_that_is_no_plain_file_is_one_sentence(make, tmp_path):
    make(tmp_path / "images.csv")
    with pytest.raises(InputError, match=REASON):
        image_paths(tmp_path / "images.csv", np.array([0]))


@pytest.mark.parametrize("make", BAD)
def test_a_table_that_is_no_plain_file_is_one_sentence(make, tmp_path):
    make(tmp_path / "labels.csv")
    with pytest.raises(InputError, match=REASON):
        read_label_csv(tmp_path / "labels.csv", tmp_path, ["a.png"])
    with pytest.raises(InputError, match=REASON), opened_table(tmp_path / "labels.csv") as table:
        pytest.fail(f"read {sum(1 for _ in table.rows)} rows")


def test_lines_keep_their_ends(tmp_path):
    (tmp_path / "a").write_bytes("a\r\nb\rc\n\nä".encode())
    with opened_lines(tmp_path / "a", "utf-8") as lines:
        assert [*lines] == ["a\r\n", "b\r", "c\n", "\n", "ä"]


def test_a_label_of_130000_letters_is_one_sentence(tmp_path):
    (tmp_path / "labels.csv").write_text("path,label\na.png,cat\nb.png," + "x" * 130_000 + "\n")
    with pytest.raises(InputError, match="line 3: the label has 130,000 characters, and at most"):
        read_label_csv(tmp_path / "labels.csv", tmp_path, ["a.png", "b.png"])
