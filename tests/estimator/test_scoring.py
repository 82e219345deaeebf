"""Scorers that leave unlabelled images out."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import accuracy_score, get_scorer, make_scorer
from sklearn.model_selection import cross_validate

from keras_selflearn.console.errors import InputError
from keras_selflearn.estimator.scoring import labelled_only


class Bright(ClassifierMixin, BaseEstimator):
    """Labels an image by its first pixel."""

    def __init__(self, names=("night", "day")):
        self.names = names

    def fit(self, X, y):
        self.classes_ = np.unique(self.names)
        return self

    def predict(self, X):
        return np.array(self.names)[[int(np.ravel(each)[0] > 100) for each in X]]

    def predict_proba(self, X):
        return np.equal.outer(self.predict(X), self.classes_).astype(float)


N = 40
BRIGHT = np.arange(N) % 2 == 1
X = (BRIGHT * 200)[:, None, None, None] * np.ones((1, 2, 2, 3), int)
Y = np.where(BRIGHT, "day", "night")
Y[:4] = "day"  # two of them are not
SOME = np.where(np.arange(N) < 10, Y, "-1")


@pytest.mark.parametrize("scoring", ["accuracy", "f1_macro", "roc_auc", "neg_log_loss"])
@pytest.mark.parametrize("dtype", [str, object])
def test_the_score_is_that_of_the_labelled_images(scoring, dtype):
    clf = Bright().fit(X, Y)
    expected = get_scorer(scoring)(clf, X[:10], Y[:10])
    assert labelled_only(scoring)(clf, X, SOME.astype(dtype)) == expected
    assert labelled_only(get_scorer(scoring))(clf, [*X], SOME) == expected


def test_weights_of_the_labelled_images_count():
    clf, weights = Bright().fit(X, Y), np.arange(N)
    expected = np.average((clf.predict(X) == Y)[:10], weights=weights[:10])
    assert labelled_only("accuracy")(clf, X, SOME, sample_weight=weights) == expected


def test_numbers_and_objects_are_marked_by_minus_1():
    clf = Bright(names=(0, 1)).fit(X, Y)
    numbers = np.where(np.arange(N) < 10, np.where(Y == "day", 1, 0), -1)
    assert labelled_only("accuracy")(clf, X, numbers) == 0.8
    assert labelled_only(make_scorer(accuracy_score))(clf, X, numbers.astype(object)) == 0.8


def test_scikit_learn_takes_it():
    scores = cross_validate(Bright(), X, SOME, cv=2, scoring=labelled_only("accuracy"))
    np.testing.assert_allclose(scores["test_score"].mean(), 0.8, atol=0.1)
    again = pickle.loads(pickle.dumps(labelled_only("accuracy")))
    assert again(Bright().fit(X, Y), X, SOME) == 0.8 and repr(again) == "labelled_only('accuracy')"


def test_no_label_is_an_error():
    with pytest.raises(InputError, match="y holds no label but -1"):
        labelled_only("accuracy")(Bright().fit(X, Y), X, np.full(N, -1))
