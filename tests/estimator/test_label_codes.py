"""Names in another Unicode form, and labels of another dtype, as positions in the classes."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest

from keras_selflearn import SelfLearningClassifier
from keras_selflearn.console.errors import InputError, InputWarning
from keras_selflearn.estimator.inputs import check_labels, check_test_data
from keras_selflearn.estimator.label_codes import (
    as_given,
    classes_of,
    decode,
    encode,
    is_unlabelled,
    match,
)
from keras_selflearn.selflearning.examples import UNKNOWN_CLASS

# German, Vietnamese with two accents on one letter, Korean, and a sign that is another letter.
NAMES = ["K\u00e4se", "Vi\u1ec7t", "\ud55c\uad6d", "\u212b"]
OTHER = [unicodedata.normalize("NFD", name) for name in NAMES]
KINDS = {
    "list": list,
    "array": np.array,
    "objects": lambda names: np.array(names, object),
    "bytes": lambda names: np.array([name.encode() for name in names]),
    "tuple": tuple,
}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_texts_in_two_unicode_forms_are_one_class_in_the_form_that_comes_first(kind):
    given = [NAMES[0], OTHER[1], OTHER[0], NAMES[1], "b", OTHER[0]]
    labels = check_labels(kind(given), len(given), "y")
    classes, positions = classes_of(labels)
    expected = sorted([NAMES[0], OTHER[1], "b"])
    assert classes.tolist() == [*check_labels(kind(expected), 3, "y")]
    first = [NAMES[0], OTHER[1], NAMES[0], OTHER[1], "b", NAMES[0]]
    assert positions.tolist() == [expected.index(name) for name in first]
    assert encode(labels, classes).tolist() == positions.tolist()


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize(("trained", "asked"), [(NAMES, OTHER), (OTHER, NAMES)])
def test_labels_are_known_in_another_unicode_form(kind, trained, asked):
    classes = np.sort(np.array(trained))
    labels = check_labels(kind([*asked, "none of them"]), len(asked) + 1, "y")
    found = encode(labels, classes)
    assert [classes[each] for each in found[:-1]] == trained and found[-1] == UNKNOWN_CLASS


def test_classes_that_were_saved_as_two_stay_two():
    classes = np.sort(np.array([NAMES[0], OTHER[0]]))
    assert encode(classes[::-1], classes).tolist() == [1, 0]


@pytest.mark.parametrize(
    "labels",
    [
        np.array([3, 1, 3], "uint8"),
        np.array([0.5, -2.0, 0.5]),
        np.array([True, False, True]),
        np.array(["b", "a", "b"]),
        np.array([], int),
        np.array([], str),
    ],
    ids=str,
)
def test_labels_of_every_dtype_are_coded_as_numpy_sorts_them(labels):
    classes, positions = classes_of(labels)
    expected, places = np.unique(labels, return_inverse=True)
    np.testing.assert_array_equal(classes, expected)
    np.testing.assert_array_equal(positions, places)
    assert classes.dtype == labels.dtype


def test_validation_labels_in_another_unicode_form_are_those_of_training():
    images = np.zeros((4, 32, 32, 3), np.uint8)
    classes = np.sort(np.array(NAMES))
    _, positions = check_test_data((images, OTHER), images.shape[1:], classes)
    assert classes[positions].tolist() == NAMES


def test_other_letters_are_other_labels():
    classes = np.array(["Bar", "B\u00e4r"])
    assert len(classes_of(classes)[0]) == 2
    with pytest.raises(InputError, match="has no label of training"):
        match(np.array(["bar", "BAR", "Bar "]), classes, "y")
    with pytest.warns(InputWarning, match="does not have: 'bar'"):
        match(np.array(["bar", "Bar"]), classes, "y")


@pytest.mark.parametrize(
    ("marks", "expected"),
    [([-1, -1], -1), (["-1", "-1"], "-1"), (["-1", -1], -1), ([], -1)],
)
@pytest.mark.parametrize("names", [["b", "a"], [10, 2], [2.5, 0.5]])
def test_labels_of_dtype_object_come_back_with_the_mark_that_was_given(names, marks, expected):
    given = np.array([*names, *marks], object)
    labels = check_labels(given, len(given), "y")
    unlabelled = is_unlabelled(labels)
    np.testing.assert_array_equal(is_unlabelled(given), unlabelled)
    assert unlabelled.tolist() == [False, False, *(True for _ in marks)]
    classes, positions = classes_of(labels[~unlabelled])
    if expected == -1 and "-1" not in marks:
        assert encode(given[:2], classes.astype(object)).tolist() == positions.tolist()
    found = decode(np.append(positions, [-1, -2]), classes, as_given(given, labels))
    assert found.dtype == object
    assert [*map(str, found)] == [*map(str, names), str(expected), str(expected)]
    assert type(found[-1]) is type(expected)


@pytest.mark.parametrize(
    ("labels", "mark"),
    [
        (np.array(["a", "b"]), "-1"),
        (np.array([b"a", b"b"]), b"-1"),
        (np.array([3, 200], np.uint8), -1),
        (np.array([False, True]), -1),
        (np.array([0.5, 1.5]), -1),
    ],
    ids=str,
)
def test_a_mark_fits_into_the_labels_of_every_dtype(labels, mark):
    found = decode(np.array([1, -1, 0]), labels, labels)
    assert found.tolist() == [labels[1], mark, labels[0]]
    assert decode(np.array([1, 0]), labels, labels).dtype == labels.dtype


@pytest.mark.slow
def test_fit_score_and_save_take_names_in_two_unicode_forms(tmp_path):
    bright = np.arange(24) % 2 == 1
    images = np.random.default_rng(0).integers(0, 90, (24, 32, 32, 3), np.uint8)
    images[bright] += 160
    names = np.where(bright, NAMES[0], "night")
    other = np.where(bright, OTHER[0], "night")
    mixed = np.where(np.arange(24) < 6, names, other)
    y = np.where(np.arange(24) < 12, mixed, "-1")
    options = {"weights": "random", "backbone": "tiny", "epochs": 20, "learning_rate": 1e-2}
    options.update(meta_iterations=1, meta_epochs=1, random_state=0, precision="float32")
    clf = SelfLearningClassifier(**options)
    clf.fit(images, y, true_labels=other, validation_data=(images, other))
    assert clf.classes_.tolist() == sorted([NAMES[0], "night"])
    assert clf.history_[-1]["test_accuracy"] == 100
    assert set(clf.transduction_) <= {NAMES[0], "night", "-1"}
    assert clf.score(images, other) == clf.score(images, names) == 1
    clf.save(tmp_path / "clf")
    loaded = SelfLearningClassifier.load(tmp_path / "clf")
    assert loaded.score(images, other) == 1 and set(loaded.predict(images)) == {NAMES[0], "night"}
