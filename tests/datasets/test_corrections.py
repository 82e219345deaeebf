"""Corrections are added to the labels of a folder."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from PIL import Image

from keras_selflearn.console.errors import InputError
from keras_selflearn.datasets.folder import load_folder
from keras_selflearn.datasets.listing import list_folder

FILES = ("labelled/cat/a.png", "labelled/cat/b.png", "labelled/dog/c.png", "unlabelled/d.png")
FILES += ("unlabelled/e.png", "unlabelled/f.png", "test/dog/g.png")


@pytest.fixture
def photos(tmp_path):
    for i, name in enumerate(FILES):
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((8, 8, 3), i * 9, np.uint8)).save(path)
    return tmp_path / "photos"


def listed(photos, rows, columns="path,label"):
    table = photos.parent / "corrections.csv"
    table.write_text("\n".join([columns, *rows]) + "\n", encoding="utf-8")
    found = list_folder(photos, corrections=table)
    names = [*found.class_names, None]
    return dict(zip(found.paths, (names[label] for label in found.labels))), found


def test_labels_are_added_changed_confirmed_and_taken_away(photos, caplog):
    caplog.set_level(logging.INFO, "keras_selflearn")
    rows = ["unlabelled/d.png,dog", "labelled/cat/a.png,dog", "labelled/dog/c.png,dog"]
    rows += ["labelled/cat/b.png,", "unlabelled/e.png,horse"]
    labels, found = listed(photos, rows)
    assert labels == {
        "labelled/cat/a.png": "dog",
        "labelled/cat/b.png": None,
        "labelled/dog/c.png": "dog",
        "unlabelled/d.png": "dog",
        "unlabelled/e.png": "horse",
        "unlabelled/f.png": None,
    }
    assert found.class_names == ("dog", "horse") and found.test_paths == ("test/dog/g.png",)
    assert "new labels 2, confirmed 1, corrected 2, images of none of the classes 0" in caplog.text


def test_images_of_none_of_the_classes_are_left_out(photos, caplog):
    caplog.set_level(logging.INFO, "keras_selflearn")
    rows = ["unlabelled/d.png,cat,correct", "unlabelled/e.png,,None", "labelled/cat/a.png,cat,none"]
    labels, _ = listed(photos, rows, "path,label,action")
    assert labels["unlabelled/d.png"] == "cat"
    assert not {"unlabelled/e.png", "labelled/cat/a.png"} & {*labels}
    assert "new labels 1, confirmed 0, corrected 0, images of none of the classes 2" in caplog.text


def test_predicted_labels_of_a_run_that_were_looked_at_count(photos):
    rows = ["unlabelled/d.png,dog,predicted", "unlabelled/f.png,cat,given"]
    labels, _ = listed(photos, rows, "path,label,source")
    assert labels["unlabelled/d.png"] == "dog" and labels["unlabelled/f.png"] == "cat"


def test_a_table_of_labels_is_corrected_too(photos, tmp_path):
    table, corrections = tmp_path / "labels.csv", tmp_path / "corrections.csv"
    table.write_text("path,label\nlabelled/cat/a.png,x\nunlabelled/d.png,y\n")
    corrections.write_text("path,label\nunlabelled/d.png,x\ntest/dog/g.png,y\n")
    found = list_folder(photos, table, corrections)
    labels = dict(zip(found.paths, found.labels))
    assert labels["unlabelled/d.png"] == labels["labelled/cat/a.png"] == 0
    assert labels["test/dog/g.png"] == 1  # with a table, folders say nothing


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["test/dog/g.png,cat"], "correct test images in their folder"),
        (["unlabelled/z.png,cat"], "names 1 images that are not in"),
        (["unlabelled/d.png,cat", "unlabelled/d.png,dog"], "has two labels"),
        (["labelled/dog/c.png,cat"], "are of 1 class"),
    ],
)
def test_what_can_t_be_is_one_sentence(photos, rows, message):
    with pytest.raises(InputError, match=message):
        listed(photos, rows)


def test_images_are_not_decoded_anew_for_a_correction(photos, tmp_path, caplog):
    corrections = tmp_path / "corrections.csv"
    corrections.write_text("path,label\nunlabelled/d.png,dog\n")
    options = {"image_size": 32, "cache_dir": tmp_path / "cache"}
    before = load_folder(photos, **options)
    caplog.set_level(logging.INFO, "keras_selflearn")
    caplog.clear()
    after = load_folder(photos, **options, corrections=corrections)
    assert "Decoding" not in caplog.text
    np.testing.assert_array_equal(before.images, after.images)
    assert (before.labels != after.labels).sum() == 1
