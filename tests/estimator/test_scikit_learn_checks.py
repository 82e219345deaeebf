"""What scikit-learn expects of every estimator, by its own checks."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.exceptions import SkipTestWarning
from sklearn.utils import get_tags
from sklearn.utils._set_output import ADAPTERS_MANAGER
from sklearn.utils.estimator_checks import check_estimator, estimator_checks_generator
from sklearn.utils.validation import check_is_fitted, validate_data

from keras_selflearn import SelfLearningClassifier

SIDE = 32
# The checks that fail, and why this is right.
EXPECTED = {
    "check_no_attributes_set_in_init": (
        "The options are declared once, for flags and parameters, and `__init__` takes them as"
        " **options: its signature names none of them."
    ),
    "check_do_not_raise_errors_in_init_or_set_params": (
        "`__init__` refuses a name that is no parameter, as Python does without **options; the"
        " check takes `options` itself for a parameter."
    ),
    "check_classifiers_classes": "It names a class -1, which marks unlabelled images here.",
    "check_classifiers_regression_target": (
        "Any number may name a class: tables have classes such as 0.5, and whole numbers as floats."
    ),
    "check_sample_weight_equivalence_on_dense_data": (
        "Features are standardised over all images, labelled or not, so an image that is there"
        " twice counts twice even if it weighs nothing."
    ),
}
_ROUNDING = "Batches of other images round float32 in another way, by 1e-7."
# The checks that fail on some processors, and why.
SOMETIMES = {
    "check_methods_sample_order_invariance": _ROUNDING,
    "check_methods_subset_invariance": _ROUNDING,
}


class OnRows(SelfLearningClassifier):
    """Makes an image of each row of numbers: most of the checks have nothing else to give."""

    def fit(self, X, y=None, sample_weight=None):
        X, y = validate_data(self, X, y, dtype=np.float64, multi_output=False)
        return super().fit(_images(X), y, sample_weight=sample_weight)

    def predict(self, X):
        return super().predict(self._images(X))

    def predict_proba(self, X):
        return super().predict_proba(self._images(X))

    def transform(self, X):
        return super().transform(self._images(X))

    def score(self, X, y, sample_weight=None):
        return super().score(self._images(X), y, sample_weight)

    def _images(self, X):
        check_is_fitted(self)
        return _images(validate_data(self, X, dtype=np.float64, reset=False))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = True
        tags.input_tags.one_d_array = tags.input_tags.string = False
        tags.classifier_tags.poor_score = True  # random weights, and rows that are no images
        tags.non_deterministic = False  # a head is fitted without threads
        return tags


def _images(rows):
    pixels = (255 / (1 + np.exp(-np.clip(rows, -9, 9)))).astype(np.uint8)
    return np.resize(pixels.T, (SIDE * SIDE * 3, len(rows))).T.reshape(-1, SIDE, SIDE, 3)


def on_rows():
    return OnRows(
        backbone="tiny",
        weights="random",
        train="head",
        labelling="softmax",
        meta_iterations=0,
        precision="float32",
        random_state=0,
    )


def name_of(check):
    return getattr(check, "func", check).__name__


@pytest.fixture(scope="module", autouse=True)
def features_here(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


CHECKS = [check for _, check in estimator_checks_generator(on_rows())]


@pytest.mark.slow
@pytest.mark.parametrize("check", CHECKS, ids=name_of)
def test_scikit_learn_s_own_check(check):
    if name_of(check) in EXPECTED:
        with pytest.raises((AssertionError, TypeError, ValueError)):
            check(on_rows())
        return
    try:
        check(on_rows())
    except AssertionError:
        if name_of(check) not in SOMETIMES:
            raise
        pytest.xfail(SOMETIMES[name_of(check)])


def test_each_expected_failure_is_of_a_check_that_runs():
    assert {*EXPECTED, *SOMETIMES} <= {*map(name_of, CHECKS)}


def test_the_tags_say_that_it_takes_no_rows():
    tags = get_tags(SelfLearningClassifier())
    assert not tags.input_tags.two_d_array and not tags.input_tags.three_d_array
    assert tags.input_tags.one_d_array and tags.input_tags.string  # paths
    assert tags.requires_fit and tags.target_tags.required and tags.non_deterministic
    with pytest.warns(SkipTestWarning, match="requires input"):
        check_estimator(SelfLearningClassifier())


class Table:
    """What `set_output` makes here: no table library need be there."""

    container_lib = "table"

    def __init__(self, values=None, columns=None):
        self.values, self.columns = values, columns

    def create_container(self, X_output, X_original, columns, inplace=True):
        return Table(X_output, columns())

    def is_supported_container(self, X):
        return isinstance(X, Table)


@pytest.mark.slow
def test_transform_gives_the_container_that_is_asked_for(monkeypatch):
    monkeypatch.setitem(ADAPTERS_MANAGER.adapters, "table", Table())
    images = np.random.default_rng(0).integers(0, 256, (12, SIDE, SIDE, 3), np.uint8)
    options = {"weights": "random", "backbone": "tiny", "epochs": 1, "meta_iterations": 0}
    clf = SelfLearningClassifier(**options, embedding_size=5, random_state=0)
    with pytest.raises(ValueError, match="not fitted"):
        clf.get_feature_names_out()
    clf.fit(images, np.arange(12) % 2)
    names = [f"selflearningclassifier{i}" for i in range(5)]
    assert clf.get_feature_names_out().tolist() == names
    plain = clf.transform(images)
    expected = clf.predict(images), clf.score(images, np.arange(12) % 2)
    table = clf.set_output(transform="table").transform(images)
    assert isinstance(table, Table) and list(table.columns) == names
    np.testing.assert_allclose(table.values, plain, atol=1e-6)
    np.testing.assert_array_equal(clf.predict(images), expected[0])
    assert clf.score(images, np.arange(12) % 2) == expected[1]
    assert clf.predict_proba(images).shape == (12, 2)
