"""Labels as people make them in Python."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pytest

from keras_selflearn.console.errors import InputError, InputWarning
from keras_selflearn.estimator.doubts import (
    warn_of_doubtful_labels,
    warn_of_no_pairs,
    warn_of_rare_pairs,
)
from keras_selflearn.estimator.inputs import (
    check_labels,
)
from keras_selflearn.estimator.label_codes import encode
from keras_selflearn.losses.arcface import ArcFace
from keras_selflearn.losses.contrastive import Contrastive
from keras_selflearn.losses.cross_entropy import CrossEntropy
from keras_selflearn.losses.triplet import Triplet
from keras_selflearn.selflearning.examples import UNKNOWN_CLASS


def marked(labels):
    """What NumPy makes of marking the last half with -1, in this dtype."""
    if labels.dtype.kind == "u":
        labels[len(labels) // 2 :] = np.array(-1).astype(labels.dtype)
    else:
        labels[len(labels) // 2 :] = -1
    return np.unique(labels)


def said_of(classes):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warn_of_doubtful_labels(classes)
    assert all(each.category is InputWarning for each in caught)
    return [str(each.message) for each in caught]


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint32", "uint64"])
def test_minus_1_in_an_unsigned_dtype_is_warned_of(dtype):
    (said,) = said_of(marked(np.arange(20).astype(dtype) % 3))
    assert f"y has a class {np.iinfo(dtype).max}, which is what -1 becomes in {dtype}" in said
    assert "make y with y.astype(int) first, and then mark them with -1" in said


@pytest.mark.parametrize("dtype", ["U1", "S1"])
def test_minus_1_in_texts_of_one_character_is_warned_of(dtype):
    (said,) = said_of(marked(np.array([*"abcabc"], dtype)))
    assert "y has a class '-', which is what -1 becomes in texts of one character" in said


@pytest.mark.parametrize(
    "classes",
    [
        np.arange(256).astype("uint8"),
        np.array([0, 254], "uint8"),
        np.array([0, 255], "int16"),
        np.array([0, 255], "uint16"),
        np.array(["-", "plus"]),
        np.array([False, True]),
        np.array([0.5, 255]),
        np.array(["B\u00e4r", "Bar"]),
    ],
    ids=str,
)
def test_other_classes_are_not_warned_of(classes):
    assert said_of(classes) == []


@pytest.mark.parametrize("name", ["", " ", " -1", "-1.0"])
def test_texts_that_are_no_names_are_warned_of(name):
    (said,) = said_of(np.array([name, "a"]))
    assert f"y has a class {name!r}, which is no name" in said


@pytest.mark.parametrize("name", ["nan", "NaN", "unlabelled", "Unlabeled", " none", "?"])
def test_texts_that_stand_for_no_label_are_warned_of(name):
    (said,) = said_of(np.unique([name, "a"]))
    assert f"y has a class {name!r}, which looks like no label" in said and "'-1'" in said


@pytest.mark.parametrize("most", [255, 65535, 2**32 - 1, 2**64 - 1])
def test_the_text_of_an_unsigned_minus_1_is_warned_of(most):
    (said,) = said_of(np.unique(["0", "7", str(most)]))
    assert f"y has a class '{most}', which is what -1 becomes in an unsigned dtype" in said
    assert said_of(np.unique(["0", str(most - 1), str(most)])) == []
    assert said_of(np.unique(["a", str(most)])) == []


@pytest.mark.parametrize("other", ["Cat", "cat ", " cat", "c\u200bat", "\uff43at"])
def test_classes_that_look_alike_are_warned_of_with_both_spellings(other):
    (said,) = said_of(np.unique(np.array(["cat", other, "dog"])))
    assert repr(other) in said and "'cat'" in said and "They stay apart" in said


@pytest.mark.parametrize(
    "labels",
    [["cat", "cat\0"], ("cat", b"cat\0"), np.array(["cat", "cat\0"], object)],
    ids=["list", "tuple", "objects"],
)
def test_classes_that_differ_in_a_nul_alone_are_not_merged(labels):
    with pytest.raises(InputError, match="which ends in a NUL character: take it off"):
        check_labels(labels, 2, "y")


@pytest.mark.parametrize(
    ("loss", "per_class", "batch_size", "why"),
    [
        (Triplet, 1, 10, "compares images of one class in a batch, and each class has one"),
        (Triplet, 1, 1, "compares images of one class in a batch, and each class has one"),
        (Triplet, 5, 1, "compares images of one class in a batch, and batch_size is 1"),
        (Triplet, 2, 2, None),
        (Contrastive, 5, 1, "compares images in a batch, and batch_size is 1"),
        (Contrastive, 1, 2, None),
        (ArcFace, 1, 1, None),
        (CrossEntropy, 1, 1, None),
    ],
)
def test_a_loss_of_0_000_that_learns_nothing_is_warned_of(loss, per_class, batch_size, why):
    labels = np.array([-1] + [0, 1, 2] * per_class)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warn_of_no_pairs(loss(), labels, batch_size)
        warn_of_no_pairs(loss(), labels, max(batch_size, 4), images_per_class=2)
    assert len(caught) == (why is not None)
    assert why is None or why in str(caught[0].message)
    helps = loss is Triplet and per_class == 1
    assert why is None or ("images_per_class" in str(caught[0].message)) == helps


def test_labels_of_bytes_are_matched_whatever_their_encoding():
    classes = np.array([b"a", b"caf\xc3\xa9", b"caf\xe9"])
    assert encode(classes[::-1], classes).tolist() == [2, 1, 0]
    assert encode(np.array(["caf\udce9", "caf\xe9", "b"]), classes).tolist() == [
        2,
        1,
        UNKNOWN_CLASS,
    ]


@pytest.mark.parametrize(
    ("loss", "n_classes", "per_class", "batch_size"),
    [
        (Triplet, 100, 2, 10),
        (Triplet, 100, 2, 30),
        (Triplet, 10, 5, 5),
        (Triplet, 3, 2, 2),
        (Triplet, 40, 1, 10),
        (Triplet, 10, 10, 100),
        (Contrastive, 100, 2, 10),
        (CrossEntropy, 100, 2, 10),
    ],
)
def test_batches_that_teach_nothing_for_want_of_a_pair_are_warned_of(
    loss, n_classes, per_class, batch_size
):
    labels = np.concatenate([[-1, -1], np.repeat(np.arange(n_classes), per_class)])
    known, draw = labels[labels >= 0], np.random.default_rng(0)
    batches = [draw.permutation(known)[:batch_size] for _ in range(2000)]
    without = 100 * np.mean([len(set(batch)) == len(batch) for batch in batches])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warn_of_rare_pairs(loss(), labels, batch_size)
        warn_of_rare_pairs(loss(), labels, max(batch_size, 4), images_per_class=2)
    expected = loss is Triplet and per_class > 1 and without > 50
    assert len(caught) == expected
    if expected:
        said = int(re.search("about ([0-9]+) %", str(caught[0].message))[1])
        assert said == pytest.approx(without, abs=4)
