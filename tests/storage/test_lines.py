"""Tests of text files that are no files, have holes, or have no ends of lines."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from keras_selflearn.console.errors import InputError
from keras_selflearn.datasets.label_csv import read_label_csv
from keras_selflearn.runs.embeddings_file import read_embeddings
from keras_selflearn.runs.finished_run import image_paths
from keras_selflearn.runs.record import read_record
from keras_selflearn.storage.checkpoint import Checkpoints
from keras_selflearn.storage.json_files import read_json
from keras_selflearn.storage.lines import NotAFileError, opened_lines
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


@pytest.mark.parametrize("make", [make_fifo, make_link_to_a_device, Path.mkdir])
def test_all_that_read_a_file_of_others_refuse_what_is_no_plain_file_alike(make, tmp_path, capsys):
    path = tmp_path / "000001.checkpoint"
    make(path)
    for read in (read_json, read_embeddings, image_paths_of, read_record):
        with pytest.raises(ValueError, match="it is not a file"):
            read(path)
    with pytest.raises(InputError, match="No checkpoint"):
        Checkpoints(tmp_path).latest()
    assert "it is not a file" in capsys.readouterr().err
    (tmp_path / "a.json").mkdir()
    with pytest.raises(NotAFileError) as caught:
        read_json(tmp_path / "a.json")
    assert isinstance(caught.value, OSError) and caught.value.strerror == str(caught.value)


def image_paths_of(path):
    return image_paths(path, np.array([0]))
