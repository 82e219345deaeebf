"""Tests of labelling by a graph of all images."""

from __future__ import annotations

import numpy as np
import pytest

from keras_selflearn.labelling import graph as graph_module
from keras_selflearn.labelling import make_labeller
from keras_selflearn.labelling.graph import NOT_REACHED, GraphLabeller
from keras_selflearn.labelling.linear_heads import LinearHead, fit_logistic
from keras_selflearn.labelling.memory import Memory
from keras_selflearn.labelling.similarity_graph import similarity_graph

CHANCE = np.random.default_rng(0)
CENTRES = 4 * np.eye(3, 6)
TRUTH = np.repeat([0, 1, 2], 40)
IMAGES = (CENTRES[TRUTH] + CHANCE.normal(size=(120, 6))).astype(np.float32)
LABELLED = np.array([0, 1, 40, 41, 80, 81])
OTHERS = np.setdiff1d(np.arange(120), LABELLED)


def labeller(**setting):
    options = {"n_classes": 3, "graph_neighbors": 5, "graph_dimensions": 6, **setting}
    return make_labeller("graph", **options)


def fitted(images=IMAGES, others=OTHERS, **setting):
    return labeller(**setting).fit(images[LABELLED], TRUTH[LABELLED], images[others])


def test_groups_get_their_labels():
    found = fitted().label_unlabelled()
    assert (found.labels == TRUTH[OTHERS]).mean() > 0.95
    assert found.labels.dtype == np.int64 and found.confidence.dtype == np.float64
    assert ((found.confidence > 1 / 3) & (found.confidence <= 1)).all()
    # The nearest labelled image has the predicted label.
    np.testing.assert_array_equal(TRUTH[LABELLED][found.nearest], found.labels)


def test_a_chain_is_followed_where_the_nearest_label_is_wrong():
    """Two arcs that bend round each other: their ends are nearer to the other's label."""
    turn = np.linspace(0, np.pi, 60)
    first = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    second = np.stack([1 - np.cos(turn), 0.4 - np.sin(turn)], axis=1)
    points = np.concatenate([first, second])
    # On a sphere, so that cosines are distances.
    third = np.sqrt(9 - np.square(points - points.mean(axis=0)).sum(axis=1))
    images = np.column_stack([points - points.mean(axis=0), third]).astype(np.float32)
    truth = np.repeat([0, 1], 60)
    given = np.array([0, 119])
    rest = np.setdiff1d(np.arange(120), given)
    options = {"n_classes": 2, "graph_neighbors": 3, "graph_exponent": 50.0, "graph_alpha": 0.99}
    graph = make_labeller("graph", graph_dimensions=3, prior="equal", **options)
    found = graph.fit(images[given], truth[given], images[rest]).label_unlabelled().labels
    nearest = make_labeller("nearest", n_classes=2).fit(images[given], truth[given])
    by_distance = nearest.label(images[rest]).labels
    assert (found == truth[rest]).mean() > (by_distance == truth[rest]).mean() + 0.1


def test_parts_without_a_label_get_none():
    far = np.zeros((6, 6), np.float32)
    far[:, 5] = -50 + np.arange(6) / 10
    images = np.concatenate([IMAGES, far])
    others = np.concatenate([OTHERS, 120 + np.arange(6)])
    found = fitted(images, others, graph_neighbors=3).label_unlabelled()
    assert (found.labels[-6:] == NOT_REACHED).all()
    assert (found.confidence[-6:] == 0).all() and (found.nearest[-6:] == -1).all()
    assert (found.labels[:-6] >= 0).all()
    assert np.isfinite(found.confidence).all()


def test_images_far_from_labels_are_less_sure():
    between = (CENTRES[0] + CENTRES[1]) / 2 + CHANCE.normal(size=(20, 6))
    images = np.concatenate([IMAGES, between]).astype(np.float32)
    others = np.concatenate([OTHERS, 120 + np.arange(20)])
    confidence = fitted(images, others).label_unlabelled().confidence
    assert np.median(confidence[-20:]) < np.median(confidence[:-20])


@pytest.mark.parametrize("prior", ["estimated", "equal", "labels", "none"])
def test_every_prior_labels_equal_groups_right(prior):
    assert (fitted(prior=prior).label_unlabelled().labels == TRUTH[OTHERS]).mean() > 0.95


def test_given_shares_are_reached():
    images = CHANCE.normal(size=(300, 6)).astype(np.float32)  # nothing to tell classes apart by
    graph = labeller(prior=np.array([0.7, 0.2, 0.1]))
    found = graph.fit(images[:30], np.arange(30) % 3, images[30:])
    shares = np.bincount(found.label_unlabelled().labels, minlength=3) / 270
    assert shares[0] > shares[1] > shares[2]


def test_a_class_with_many_labels_does_not_flood_the_others():
    given = np.concatenate([np.arange(30), [40, 80]])
    rest = np.setdiff1d(np.arange(120), given)
    found = labeller(prior="none").fit(IMAGES[given], TRUTH[given], IMAGES[rest])
    assert (found.label_unlabelled().labels == TRUTH[rest]).mean() > 0.9


def test_new_images_are_labelled_by_the_head():
    head = fit_logistic(IMAGES[LABELLED], TRUTH[LABELLED], n_classes=3)
    graph = fitted(head=head)
    found = graph.label(IMAGES)
    np.testing.assert_array_equal(found.labels, head.probabilities(IMAGES).argmax(axis=1))
    np.testing.assert_array_equal(graph.probabilities(IMAGES), head.probabilities(IMAGES))
    assert (found.nearest == -1).all()


def test_without_a_head_similar_images_vote():
    graph = fitted()
    found = graph.label(IMAGES)
    assert (found.labels == TRUTH).mean() > 0.9
    np.testing.assert_array_equal(TRUTH[LABELLED][found.nearest], found.labels)
    probabilities = graph.probabilities(IMAGES)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    assert graph.probabilities(IMAGES[:0]).shape == (0, 3)
    # An image that is like none is as likely of each class.
    np.testing.assert_allclose(graph.probabilities(-10 * np.ones((1, 6), np.float32)), 1 / 3)


def test_a_later_round_starts_with_what_the_head_says():
    turned = LinearHead(np.zeros((6, 3), np.float32), np.array([0, 0, 9], np.float32))
    first = fitted(head=turned, prior="none").label_unlabelled()
    later = fitted(head=turned, prior="none", later_round=True).label_unlabelled()
    assert (first.labels == 2).sum() < (later.labels == 2).sum()


def test_the_head_on_the_labels_has_its_say(monkeypatch):
    """Three neighbours mix what a line tells apart."""
    sides = np.repeat([0, 1], 400)
    images = CHANCE.normal(size=(800, 6)) + np.outer(2 * sides - 1, [1.2, 0, 0, 0, 0, 0])
    images, given = images.astype(np.float32), np.flatnonzero(np.arange(800) % 2)
    rest = np.setdiff1d(np.arange(800), given)
    units = images / np.linalg.norm(images, axis=1, keepdims=True)
    head = fit_logistic(units[given], sides[given], n_classes=2).probabilities(units[rest])

    def agreement(say):
        monkeypatch.setattr(graph_module, "say_of_labels", lambda n_labelled, n_classes: say)
        options = {"graph_neighbors": 3, "graph_dimensions": 6, "prior": "equal"}
        subject = make_labeller("graph", n_classes=2, **options)
        found = subject.fit(images[given], sides[given], images[rest]).label_unlabelled()
        return (found.labels == head.argmax(axis=1)).mean()

    assert agreement(1e-6) + 0.02 < agreement(0.999) > 0.97


def test_the_same_images_share_a_graph(monkeypatch):
    made = []

    def counted(*arguments, **named):
        made.append(named)
        return similarity_graph(*arguments, **named)

    monkeypatch.setattr(graph_module, "similarity_graph", counted)
    memory = Memory()
    first = fitted(memory=memory).label_unlabelled()
    np.testing.assert_array_equal(fitted(memory=memory).label_unlabelled().labels, first.labels)
    assert len(made) == 1
    fitted(memory=memory, graph_neighbors=4)
    fitted(IMAGES[::-1], memory=memory, graph_neighbors=4)
    assert len(made) == 3


@pytest.mark.parametrize("with_head", [False, True])
def test_the_graph_of_tensorflow_gives_the_same(with_head):
    head = fit_logistic(IMAGES[LABELLED], TRUTH[LABELLED], n_classes=3) if with_head else None
    subject = fitted(head=head)
    label, variables = subject.in_graph()
    labels, probabilities, confidence = (each.numpy() for each in label(IMAGES))
    expected = subject.label(IMAGES)
    np.testing.assert_array_equal(labels, expected.labels)
    np.testing.assert_allclose(confidence, expected.confidence, atol=1e-5)
    np.testing.assert_allclose(probabilities, subject.probabilities(IMAGES), atol=1e-5)
    assert variables


def test_what_is_saved_is_enough_for_new_images():
    subject = fitted()
    GraphLabeller.check_arrays(subject.arrays(), subject.setting, 6)
    loaded = GraphLabeller.from_arrays(subject.arrays(), subject.setting)
    np.testing.assert_array_equal(loaded.probabilities(IMAGES), subject.probabilities(IMAGES))
    empty = {"reference": np.empty((0, 6), np.float32), "reference_labels": np.empty(0, int)}
    with pytest.raises(ValueError, match="its reference is empty"):
        GraphLabeller.check_arrays(empty, subject.setting, 6)


def test_one_image_and_equal_images_are_no_error():
    one = labeller().fit(IMAGES[LABELLED], TRUTH[LABELLED], IMAGES[OTHERS[:1]])
    assert one.label_unlabelled().labels.tolist() == [0]
    equal = np.ones((10, 6), np.float32)
    alike = labeller().fit(equal[:3], np.arange(3), equal[3:])
    assert (alike.label_unlabelled().labels == NOT_REACHED).all()
