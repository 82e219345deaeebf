"""What users of scikit-learn's LabelSpreading ran into does not happen here."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from keras_selflearn.labelling import make_labeller
from keras_selflearn.labelling.graph import NOT_REACHED
from keras_selflearn.labelling.linear_heads import fit_logistic
from keras_selflearn.labelling.similarity_graph import most_similar, similarity_graph, unit_rows

CHANCE = np.random.default_rng(0)
TRUTH = np.repeat([1, 2], 30)
IMAGES = (4 * np.eye(3, 6)[TRUTH] + CHANCE.normal(size=(60, 6))).astype(np.float32)
GIVEN = np.array([0, 1, 30, 31])
REST = np.setdiff1d(np.arange(60), GIVEN)


def fitted(images=IMAGES, rest=REST, **setting):
    options = {"n_classes": 3, "graph_neighbors": 3, "graph_dimensions": 6, **setting}
    # The first class has a label, too, far from all others.
    reference = np.concatenate([images[GIVEN], -20 * np.eye(1, 6, 4, dtype=np.float32)])
    labels = np.concatenate([TRUTH[GIVEN], [0]])
    return make_labeller("graph", **options).fit(reference, labels, images[rest])


def test_rows_that_no_label_reaches_are_neither_nan_nor_the_first_class():
    alone = (-50 * np.eye(1, 6, 5) + CHANCE.normal(size=(8, 6)) / 100).astype(np.float32)
    images = np.concatenate([IMAGES, alone])
    with np.errstate(divide="raise", invalid="raise"):
        subject = fitted(images, np.concatenate([REST, 60 + np.arange(8)]))
        found = subject.label_unlabelled()
    assert (found.labels[-8:] == NOT_REACHED).all() and (found.confidence[-8:] == 0).all()
    assert np.isfinite(subject.unlabelled_probabilities()).all()
    assert (found.labels[:-8] == TRUTH[REST]).mean() > 0.9


def test_700_000_rows_take_bounded_memory_beyond_the_embeddings():
    reference = unit_rows(CHANCE.normal(size=(700_000, 4)).astype(np.float32))
    tracemalloc.start()
    try:
        neighbours, _ = most_similar(reference[:64], reference, 10)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (neighbours[:, 0] == np.arange(64)).all()
    assert peak < 400 * 2**20  # a whole matrix of similarities would take 1.8 TiB


def test_negative_similarities_join_nothing_and_spread_nothing_negative():
    sides = np.concatenate([IMAGES, -IMAGES])
    graph = similarity_graph(sides, dimensions=6, n_neighbors=100, exponent=3.0)
    assert graph.data.min() > 0
    subject = fitted(sides, np.setdiff1d(np.arange(120), GIVEN))
    shares = subject.unlabelled_probabilities()
    assert (shares >= 0).all()
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("size", [1e-30, 1.0, 1e15])
def test_a_new_image_far_from_all_others_has_shares_that_add_up_to_1(size):
    new = (size * np.array([[-9, -9, -9, -9, 0, -9], [0, 0, 0, 0, 0, 9]])).astype(np.float32)
    without_head = fitted()
    with_head = fitted(head=fit_logistic(IMAGES[GIVEN], TRUTH[GIVEN], n_classes=3))
    for subject in (without_head, with_head):
        shares = subject.probabilities(new)
        assert (shares >= 0).all()
        np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-5)
    # It is like no image, so no class is likelier than another.
    np.testing.assert_allclose(without_head.probabilities(new[:1]), 1 / 3, rtol=1e-5)
