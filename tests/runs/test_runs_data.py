from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from keras_selflearn.options.config import Config
from keras_selflearn.runs.data import data_digest, data_name, data_title, training_labels
from keras_selflearn.runs.run_name import run_name

EACH = ",".join(f"{digit}={digit + 1}" for digit in range(10))


def config(**changes):
    return Config(**changes).resolve()


@pytest.fixture
def own(digits):
    """As of a folder: only the first twenty are labelled."""
    labels = np.where(np.arange(len(digits.labels)) < 20, digits.labels, -1)
    return replace(digits, labels=labels, paths=tuple(map(str, range(len(labels)))))


def folder(**changes):
    return config(**{"dataset": "folder", "images": "photos", **changes})


def test_each_class_has_the_labels_asked_for(digits):
    labels = training_labels(digits, config(labels_per_class=EACH))
    shown = labels != "-1"
    assert [int(np.sum(labels == str(digit))) for digit in range(10)] == list(range(1, 11))
    np.testing.assert_array_equal(labels[shown].astype(int), digits.labels[shown])


@pytest.mark.parametrize(
    ("asked", "match"),
    [
        ("0=5", "says nothing of 9 classes, the first '1'"),
        (EACH + ",ten=4", "Unknown class 'ten'"),
        (EACH.replace("3=4", "3=999"), "asks for 999 of class '3', which has 1"),
    ],
)
def test_labels_of_a_class_that_can_t_be_had(digits, asked, match):
    with pytest.raises(ValueError, match=match):
        training_labels(digits, config(labels_per_class=asked))


def test_labels_of_a_folder_are_those_given(own, digits):
    labels = training_labels(own, folder())
    assert labels[:20].tolist() == digits.labels[:20].astype(str).tolist()
    assert (labels[20:] == "-1").all()


def test_a_folder_may_be_labelled_in_part_only(own, digits):
    with pytest.raises(ValueError, match="needs a label for each image, and 1277 have none"):
        training_labels(own, folder(regime="all-labelled"))
    whole = replace(digits, paths=())
    labels = training_labels(whole, folder(regime="all-labelled"))
    np.testing.assert_array_equal(labels, digits.labels.astype(str))


def test_the_digest_is_another_for_other_labels_names_or_images(own):
    images = own.images.copy()
    images[0] += 1
    others = [
        replace(own, labels=np.roll(own.labels, 1)),
        replace(own, paths=own.paths[::-1]),
        replace(own, class_names=own.class_names[::-1]),
        replace(own, images=images),
    ]
    digests = {data_digest(each) for each in (own, replace(own), *others)}
    assert len(digests) == 5


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a/Holiday photos", "Holiday-photos"),
        ("x/.hidden", "hidden"),
        ("/", "folder"),
        ("ü/é", "é"),
    ],
)
def test_a_run_is_called_as_its_folder(path, name):
    assert data_name(config(dataset="folder", images=path)) == name


def test_a_run_is_called_as_its_data_set():
    assert data_name(config()) == "digits"
    assert data_name(config(dataset="tfds:cats/big", labels=4)) == "cats-big"


def test_people_read_the_folder_s_own_name():
    assert data_title(folder(images="/home/me/Mes photos é")) == "Mes photos é"
    assert data_title(config()) == "digits"


def test_a_class_may_be_asked_for_in_another_unicode_form(digits):
    names = ("caf\u00e9", *digits.class_names[1:])
    asked = EACH.replace("0=1", "cafe\u0301=1")
    labels = training_labels(replace(digits, class_names=names), config(labels_per_class=asked))
    assert int(np.sum(labels == names[0])) == 1


@pytest.mark.parametrize("letters", range(70, 100, 7))
def test_a_folder_of_long_letters_has_a_name_that_file_systems_take(letters, tmp_path):
    weights = tmp_path / f"{'w' * 240}.weights.h5"
    options = folder(images="木" * letters, weights=str(weights))
    name = run_name(options)
    assert data_name(options) == "木" * 26
    (tmp_path / f".{name}-10.unfinished").mkdir()


def test_a_long_name_of_tfds_has_a_name_that_file_systems_take():
    name = run_name(config(dataset=f"tfds:{'a' * 230}/b", labels=10))
    assert len(name) < 200 and name.startswith("a" * 80 + "-")
