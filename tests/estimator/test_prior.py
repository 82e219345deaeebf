"""Tests of the shares of the classes from a file."""

from __future__ import annotations

import numpy as np
import pytest

from keras_selflearn.console.errors import InputError
from keras_selflearn.estimator.prior import check_prior, prior_of

CLASSES = np.array(["a, b", "cat", "dog"])


@pytest.mark.parametrize("name", ["estimated", "equal", "labels", "none"])
def test_names_are_kept(name):
    assert prior_of(name, CLASSES) == name


def test_a_file_gives_shares(tmp_path):
    path = tmp_path / "shares.csv"
    path.write_text('cat,10\n"a, b",30\ndog,0\n', encoding="utf-8-sig")
    check_prior(path)
    np.testing.assert_allclose(prior_of(path, CLASSES), [0.75, 0.25, 0])
    path.write_text("cafe\u0301 ,1\n b,1\n", encoding="utf-8")
    np.testing.assert_allclose(prior_of(path, np.array(["b", "caf\u00e9"])), [0.5, 0.5])
    path.write_text("cat;0,5\r\na, b ;0,25\r\ndog;0,25\r\n;\r\n", encoding="utf-16", newline="")
    np.testing.assert_allclose(prior_of(path, CLASSES), [0.25, 0.5, 0.25])
    path.write_text("'=1;1\nb;1\n")
    np.testing.assert_allclose(prior_of(path, np.array(["=1", "b"])), [0.5, 0.5])
    path.write_text("1,1\n2,3\n")
    np.testing.assert_allclose(prior_of(str(path), np.array([1, 2])), [0.25, 0.75])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("cat,1\ndog,1\n", "gives no share for the class 'a, b'"),
        ('cat,1\ndog,1\n"a, b",1\nbird,1\n', "no image is labelled 'bird'"),
        ("cat,1\ncat,1\n", "line 2 is no pair of a new class"),
        ("cat,1,2\n", "line 1 is no pair"),
        ("cat,much\n", "could not convert"),
        ('cat,0\ndog,0\n"a, b",0\n', "or all are 0"),
        ("\n", "it has no share"),
        ('cat,1e308\ndog,1e308\n"a, b",1\n', "too large"),
        ("class,share\ncat,1\n", "line 1: could not convert"),
        ('cat,nan\ndog,0\n"a, b",1\n', "line 1 has a share that is .*not a number"),
        ('cat,1\ndog,-1\n"a, b",1\n', "line 2 has a share that is negative"),
        ('cat,1\ndog,inf\n"a, b",1\n', "infinite"),
        (b"caf\xe9,1\n", "can't be read"),
    ],
)
def test_a_wrong_file_is_one_sentence(content, message, tmp_path):
    path = tmp_path / "shares.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError, match=message):
        prior_of(path, CLASSES)


def test_what_a_file_shows_alone_is_said_before_the_classes_are_known(tmp_path):
    path = tmp_path / "shares.csv"
    path.write_text("cat,1\ndog,-1\n")
    with pytest.raises(InputError, match="negative"):
        check_prior(path)


@pytest.mark.parametrize(
    ("prior", "message"),
    [("equl", "Unknown prior 'equl': did you mean 'equal'"), ("none.csv", "There is no file")],
)
def test_a_wrong_name_is_one_sentence(prior, message):
    with pytest.raises(InputError, match=message):
        check_prior(prior)
