from __future__ import annotations

import csv
import logging
import shutil
import warnings

import numpy as np
import pytest
from PIL import Image

from keras_selflearn.console.errors import InputWarning
from keras_selflearn.datasets import Dataset
from keras_selflearn.runs.data import HIDDEN
from keras_selflearn.runs.duplicates import (
    count_duplicates,
    find_duplicates,
    tell_duplicates,
    write_duplicates,
)
from keras_selflearn.runs.without_copies import with_accuracy

CLASSES = ("cat", "dog")


def picture(number):
    """One of many different images; two of the same number are identical."""
    blocks = np.random.default_rng(number).integers(30, 226, (4, 4, 3), np.uint8)
    return np.kron(blocks, np.ones((8, 8, 1), np.uint8))


def nearly(number):
    image = picture(number)
    image[0, 0] ^= 1
    return image


def folder(train, test=()):
    """A data set of (image, label or None), and its given labels."""
    places = {None: -1, "cat": 0, "dog": 1}
    parts = [
        [f"{part}/{i}.png" for i in range(len(images))]
        for part, images in (("train", train), ("test", test))
    ]
    dataset = Dataset(
        np.stack([image for image, _ in train]),
        np.array([places[label] for _, label in train]),
        np.stack([image for image, _ in test]) if test else np.zeros((0, 32, 32, 3), np.uint8),
        np.array([places[label] for _, label in test], int),
        CLASSES,
        paths=tuple(parts[0]),
        test_paths=tuple(parts[1]),
    )
    return dataset, np.array([label or HIDDEN for _, label in train])


def found_in(*parts):
    return find_duplicates(*folder(*parts))


def listed(found, path):
    write_duplicates(path, found)
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_copies_are_listed_with_the_first_labelled_images_before_others(tmp_path):
    train = [(picture(0), None), (picture(1), "cat"), (picture(0), "dog"), (nearly(1), None)]
    found = found_in(train, [(picture(1), "cat"), (picture(2), "dog")])
    rows = listed(found, tmp_path / "duplicates.csv")
    names = "path first part part_of_first same distance label label_of_first".split()
    assert [[row[name] for name in names] for row in rows] == [
        ["train/0.png", "train/2.png", "unlabelled", "labelled", "identical", "0", "", "dog"],
        ["train/3.png", "train/1.png", "unlabelled", "labelled", "nearly", "0", "", "cat"],
        ["test/0.png", "train/1.png", "test", "labelled", "identical", "0", "cat", "cat"],
    ]
    assert not any(row["labels_differ"] for row in rows)
    numbers = count_duplicates(found)
    assert (numbers.identical, numbers.nearly, numbers.test_in_training) == (2, 1, 1)


def test_without_copies_there_is_no_file_and_no_message(tmp_path, caplog):
    found = found_in([(picture(0), "cat"), (picture(1), "dog")])
    write_duplicates(tmp_path / "duplicates.csv", found)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tell_duplicates(found, tmp_path / "duplicates.csv")
    assert not [*tmp_path.iterdir()] and not caplog.records


def test_labels_that_differ_are_found_among_identical_images(tmp_path):
    train = [(picture(0), "cat"), (picture(0), "dog"), (picture(0), "cat"), (nearly(0), "dog")]
    found = found_in(train)
    assert [row["labels_differ"] for row in listed(found, tmp_path / "x.csv")] == ["yes", "", "yes"]
    assert count_duplicates(found).labels_differ == 1
    with pytest.warns(InputWarning, match=r"1 in all: train/1.png \(dog\) is train/0.png \(cat\)"):
        tell_duplicates(found, tmp_path / "x.csv")


def test_labels_that_differ_are_found_where_the_first_has_none():
    test = [(picture(0), "cat"), (picture(0), "dog")]
    found = found_in([(picture(0), None), (picture(1), "cat"), (picture(2), "dog")], test)
    assert count_duplicates(found).labels_differ == 1 and found.differ.tolist()[-2:] == [
        False,
        True,
    ]


def test_test_images_that_training_has_are_named(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(logging.getLogger("keras_selflearn"), "propagate", True)
    train = [(picture(0), "cat"), (picture(1), "dog"), (picture(2), None)]
    test = [
        (picture(2), "cat"),
        (nearly(0), "cat"),
        (nearly(0), "cat"),
        (picture(3), "dog"),
        (picture(3), "dog"),
    ]
    found = found_in(train, test)
    # The third is identical to a test image that is nearly a training image.
    assert found.in_training.tolist() == [False] * 3 + [True, True, True, False, False]
    with pytest.warns(InputWarning, match="Of the 5 test images 3 are training images") as said:
        with caplog.at_level(logging.INFO, "keras_selflearn"):
            tell_duplicates(found, tmp_path / "duplicates.csv")
    assert "test/0.png (cat) is train/2.png (no label)" in str(said[0].message)
    assert "3 images are the same as another (3 of them in test/), 1 nearly" in caplog.text


def test_the_accuracy_is_measured_with_and_without_them():
    train = [(picture(0), "cat"), (picture(1), "dog")]
    test = [(picture(i), "cat") for i in (0, 5, 6, 1, 7)]
    found = found_in(train, test)
    numbers = with_accuracy(
        count_duplicates(found), found, np.array([True, True, False, False, False])
    )
    assert numbers.test_accuracy_with == 40.0
    assert numbers.test_accuracy_without == pytest.approx(100 / 3)
    only = found_in(train, test[:1])
    numbers = with_accuracy(count_duplicates(only), only, np.array([True]))
    assert (numbers.test_accuracy_with, numbers.test_accuracy_without) == (100.0, None)


def test_a_data_set_without_paths_is_not_looked_at():
    dataset, labels = folder([(picture(0), "cat"), (picture(0), "dog")])
    named = Dataset(
        dataset.images, dataset.labels, dataset.test_images, dataset.test_labels, CLASSES
    )
    assert find_duplicates(named, labels) is None


@pytest.mark.slow
def test_a_run_on_a_folder_measures_without_the_test_image_that_training_has(tmp_path, monkeypatch):
    """It is in test/ with a wrong label, so the accuracy without it is the higher one."""
    from keras_selflearn.options.config import Config
    from keras_selflearn.runs.experiment import run_experiment

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    chance = np.random.default_rng(0)

    def save(place, level):
        path = tmp_path / "photos" / place
        path.parent.mkdir(parents=True, exist_ok=True)
        noise = chance.integers(0, 60, (8, 8, 3), np.uint8)
        Image.fromarray(noise + np.uint8(level)).resize((32, 32), Image.BICUBIC).save(path)

    for i in range(6):
        for name, level in (("dark", 10), ("light", 180)):
            save(f"labelled/{name}/{i}.png", level)
            save(f"unlabelled/{name}{i}.png", level)
            if i < 4:
                save(f"test/{name}/{i}.png", level)
    shutil.copy(tmp_path / "photos/unlabelled/dark3.png", tmp_path / "photos/test/light/x.png")
    config = Config(
        dataset="folder",
        images=str(tmp_path / "photos"),
        results_dir=str(tmp_path / "results"),
        image_size=32,
        backbone="tiny",
        weights="random",
        train="head",
        labelling="softmax",
        meta_iterations=1,
        folds=0,
    ).resolve()
    with pytest.warns(InputWarning, match="Of the 9 test images 1 is a training image"):
        folder = run_experiment(config)
    run = folder.read_run()
    assert run.duplicates.test_accuracy_with == pytest.approx(run.accuracies[-1])
    assert run.duplicates.test_accuracy_with == pytest.approx(800 / 9)
    assert run.duplicates.test_accuracy_without == 100.0
    with (folder.path / "duplicates.csv").open(encoding="utf-8-sig") as file:
        rows = [*csv.DictReader(file)]
    assert [(row["path"], row["first"]) for row in rows] == [
        ("test/light/x.png", "unlabelled/dark3.png")
    ]
    assert "Without the 1 test image" in (folder.path / "report.html").read_text(encoding="utf-8")
