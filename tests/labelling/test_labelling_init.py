"""Tests of how labellers are found by name, and of what each must say of itself."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from keras_selflearn import labelling
from keras_selflearn.console.errors import InputError
from keras_selflearn.labelling import check_labelling, labeller_class, labeller_names, make_labeller
from keras_selflearn.labelling.labeller import MINUS_DISTANCE, PROBABILITY, Labeller, Setting
from keras_selflearn.options.config import ESTIMATOR_DEFAULTS


@pytest.fixture
def registry(monkeypatch):
    monkeypatch.setattr(labelling, "_LABELLERS", dict(labelling._LABELLERS))


def test_there_are_four_labellers():
    assert labeller_names() == ["graph", "nearest", "softmax", "vote"]
    units = {name: labeller_class(name).confidence_unit for name in labeller_names()}
    assert units == {
        "graph": PROBABILITY, "nearest": MINUS_DISTANCE, "softmax": PROBABILITY, "vote": PROBABILITY
    }  # fmt: skip
    needs = {name: labeller_class(name).needs_reference for name in labeller_names()}
    assert needs == {"graph": True, "nearest": True, "softmax": False, "vote": True}
    together = [name for name in labeller_names() if labeller_class(name).needs_unlabelled]
    assert together == ["graph", "vote"]


@pytest.mark.parametrize("name", labeller_names())
def test_a_class_has_the_name_that_it_is_known_by(name):
    assert labeller_class(name).name == name and issubclass(labeller_class(name), Labeller)


@pytest.mark.parametrize("name", ["softmaxx", "", None, ["softmax"]])
def test_an_unknown_name_is_an_error_that_lists_all(name):
    with pytest.raises(
        InputError, match="Unknown labelling .*Known are graph, nearest, softmax, vote"
    ):
        make_labeller(name, n_classes=2)


def test_names_are_known_before_anything_heavy_is_imported():
    program = """
import sys
from keras_selflearn.labelling import labeller_names
assert labeller_names() and not {"tensorflow", "sklearn", "scipy"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_registered_class_is_made_by_its_name(registry):
    @labelling.register_labeller
    class Mine(labeller_class("nearest")):
        name = "mine"

    labelling.register_labeller(Mine)
    assert labeller_names() == ["graph", "mine", "nearest", "softmax", "vote"]
    made = make_labeller("mine", n_classes=3, n_neighbors=2, normalized=True)
    assert type(made) is Mine and made.setting == Setting(3, 2, True)


@pytest.mark.parametrize("name", ["nearest", "softmax"])
def test_a_name_that_is_taken_is_refused(registry, name):
    with pytest.raises(InputError, match=f"a labeller called '{name}'"):
        labelling.register_labeller(type("Mine", (Labeller,), {"name": name}))
    assert labeller_class(name).__name__ != "Mine"


@pytest.mark.parametrize(
    ("name", "value", "normalized", "bounds"),
    [
        ("softmax", 1.5, False, "at least 0 and at most 1"),
        ("softmax", -0.1, True, "at least 0 and at most 1"),
        ("nearest", -2.5, True, "at least -2 and at most 0"),
        ("nearest", 0.5, True, "at least -2 and at most 0"),
        ("nearest", 0.5, False, "at most 0"),
    ],
)
def test_min_confidence_is_bounded_by_the_labeller(name, value, normalized, bounds):
    with pytest.raises(InputError, match=f"min_confidence is {value}: give a number {bounds}[.]"):
        check_labelling(name, value, logits=True, normalized=normalized)


def test_distances_are_unbounded_where_embeddings_have_any_length():
    check_labelling("nearest", -1000, logits=False, normalized=False)
    check_labelling("nearest", -2, logits=False, normalized=True)


def test_softmax_needs_logits():
    check_labelling("softmax", logits=True, normalized=False)
    with pytest.raises(InputError, match="'softmax' needs a loss with logits"):
        check_labelling("softmax", logits=False, normalized=False)


def test_a_fitted_labeller_comes_back_from_its_arrays():
    rng = np.random.default_rng(0)
    reference, labels = rng.normal(size=(9, 4)).astype(np.float32), np.arange(9) % 3
    labeller = make_labeller("nearest", n_classes=3, n_neighbors=2).fit(reference, labels)
    arrays = labeller.arrays()
    labeller_class("nearest").check_arrays(arrays, labeller.setting, 4)
    again = labeller_class("nearest").from_arrays(arrays, labeller.setting)
    embeddings = rng.normal(size=(20, 4)).astype(np.float32)
    for one, other in zip(again.label(embeddings), labeller.label(embeddings)):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"reference": np.zeros((9, 5), np.float32)}, "reference does not fit"),
        ({"reference": np.zeros((8, 4), np.float32)}, "reference does not fit"),
        ({"reference": np.zeros((9, 4))}, "reference does not fit"),
        ({"reference_labels": np.full(9, 3)}, "reference does not fit"),
        ({"another": np.zeros(9)}, "its arrays are"),
        (
            {
                "reference": np.zeros((1, 4), np.float32),
                "reference_labels": np.zeros(1, np.int64),
            },
            "n_neighbors is 2, but only 1 images are labelled",
        ),
    ],
)
def test_arrays_that_can_t_be_a_labeller_s_are_refused(changes, match):
    arrays = {
        "reference": np.zeros((9, 4), np.float32),
        "reference_labels": np.arange(9) % 3,
    }
    with pytest.raises(ValueError, match=match):
        labeller_class("nearest").check_arrays({**arrays, **changes}, Setting(3, 2), 4)


def test_refit_keeps_the_setting_and_leaves_the_first_as_it_is():
    reference = np.array([[0.0], [1.0], [5.0]], np.float32)
    labeller = make_labeller("nearest", n_classes=2).fit(reference, np.array([0, 1, 1]))
    again = labeller.refit(reference[[0, 2]], np.array([0, 1]))
    embedding = np.array([[1.5]], np.float32)
    assert again.label(embedding).labels == [0] and labeller.label(embedding).labels == [1]
    assert again.setting == labeller.setting


class _Reads:
    """A setting that notes which of its attributes are read."""

    def __init__(self, setting):
        self._setting, self.names = setting, set()

    def __getattr__(self, name):
        self.names.add(name)
        return getattr(self._setting, name)


class _Head:
    def get_weights(self):
        return np.eye(4, 2, dtype=np.float32), np.zeros(2, np.float32)


@pytest.mark.parametrize("name", ["graph", "nearest", "softmax"])
def test_a_labeller_uses_what_it_says(name):
    embeddings = np.random.default_rng(0).normal(size=(40, 4)).astype(np.float32)
    labels = np.arange(12) % 2
    setting = _Reads(Setting(n_classes=2, graph_neighbors=3, head=_Head()))
    labeller = labeller_class(name)(setting).fit(embeddings[:12], labels, embeddings[12:])
    labeller.label(embeddings)
    labeller.probabilities(embeddings)
    if labeller.needs_unlabelled:
        labeller.label_unlabelled()
    # The setting's head is a layer, and the option `head` says which one is trained.
    assert setting.names & ESTIMATOR_DEFAULTS.keys() - {"head"} == labeller.uses


@pytest.mark.parametrize("name", labeller_names())
def test_each_explains_how_an_image_gets_its_label(name):
    explanations = [labeller_class(each).explanation for each in labeller_names()]
    assert len({*explanations, Labeller.explanation}) == 5
    assert labeller_class(name).explanation.startswith("An image got the label ")
