"""Labels in a graph against those in NumPy, also where several are equally near."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from keras_selflearn.console.errors import InputError
from keras_selflearn.labelling import labeller_class, labeller_names, make_labeller
from keras_selflearn.labelling import nearest_in_graph as module
from keras_selflearn.labelling.labeller import Setting
from keras_selflearn.labelling.nearest_in_graph import nearest_in_graph


def embeddings_of(n, d=6, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)


def labelled(labeller, embeddings):
    label, _ = labeller.in_graph()
    return [each.numpy() for each in tf.function(label)(tf.constant(embeddings))]


@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize("m", [3, 4, 5, 23])
def test_the_nearest_of_all_chunks(monkeypatch, k, m):
    monkeypatch.setattr(module, "_CHUNK", 4)
    embeddings, reference = embeddings_of(7), embeddings_of(m, seed=1)
    labels = np.arange(m) * 10
    squares, votes = nearest_in_graph(
        tf.constant(embeddings), tf.constant(reference), tf.constant(labels), k
    )
    every = ((embeddings[:, None].astype(float) - reference[None]) ** 2).sum(axis=2)
    order = np.argsort(every, axis=1)[:, :k]
    np.testing.assert_array_equal(votes, labels[order])
    np.testing.assert_allclose(squares, np.take_along_axis(every, order, axis=1))


@pytest.mark.parametrize("chunk", [3, 1000])
def test_of_equally_near_ones_the_first_comes_first(monkeypatch, chunk):
    monkeypatch.setattr(module, "_CHUNK", chunk)
    # Each example twice, in another order the second time: only the first may ever be found.
    reference = embeddings_of(8, d=256)
    again = np.random.default_rng(1).permutation(8)
    both = np.concatenate([reference, reference[again]])
    embeddings = reference + 0.1 * embeddings_of(8, d=256, seed=2)
    _, votes = nearest_in_graph(
        tf.constant(embeddings), tf.constant(both), tf.constant(np.arange(16)), 2
    )
    second = 8 + np.argsort(again)
    np.testing.assert_array_equal(votes, np.stack([np.arange(8), second], axis=1))


@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_votes_are_those_of_the_labeller(k):
    # On a grid of few points nearly every distance and number of votes is there several times.
    generator = np.random.default_rng(k)
    reference = generator.integers(0, 3, (40, 2)).astype(np.float32)
    embeddings = generator.integers(0, 3, (60, 2)).astype(np.float32)
    labels = generator.integers(0, 4, 40)
    labeller = make_labeller("nearest", n_classes=4, n_neighbors=k).fit(reference, labels)
    found, probabilities, confidence = labelled(labeller, embeddings)
    expected = labeller.label(embeddings)
    np.testing.assert_array_equal(found, expected[0])
    np.testing.assert_allclose(confidence, expected[1], rtol=1e-6)
    np.testing.assert_allclose(probabilities, labeller.probabilities(embeddings), rtol=1e-6)


@pytest.mark.parametrize("k", [1, 3, 5])
def test_a_portable_graph_finds_the_same_and_has_no_float64(k):
    generator = np.random.default_rng(k)
    reference = generator.integers(0, 3, (40, 2)).astype(np.float32)
    embeddings = generator.integers(0, 3, (60, 2)).astype(np.float32)
    labels = generator.integers(0, 4, 40)
    labeller = make_labeller("nearest", n_classes=4, n_neighbors=k).fit(reference, labels)
    label = tf.function(labeller.in_portable_graph().label)
    found, probabilities, confidence = label(tf.constant(embeddings))
    expected = labeller.label(embeddings)
    np.testing.assert_array_equal(found, expected[0])
    np.testing.assert_allclose(confidence, expected[1], rtol=1e-6)
    np.testing.assert_allclose(probabilities, labeller.probabilities(embeddings), rtol=1e-6)
    operations = label.get_concrete_function(tf.constant(embeddings)).graph.get_operations()
    assert not [each for x in operations for each in x.outputs if each.dtype == tf.float64]
    assert not [each for each in operations if "While" in each.type]


def test_softmax_is_that_of_the_labeller():
    head = tf.keras.layers.Dense(5)
    head.build((None, 6))
    head.set_weights([embeddings_of(6, 5), np.arange(5, dtype=np.float32)])
    labeller = make_labeller("softmax", head=head, n_classes=5)
    labeller.fit(np.empty((0, 6), np.float32), np.empty(0, np.int64))
    embeddings = embeddings_of(20, seed=3)
    found, probabilities, confidence = labelled(labeller, embeddings)
    expected = labeller.label(embeddings)
    np.testing.assert_array_equal(found, expected[0])
    np.testing.assert_allclose(confidence, expected[1], rtol=1e-5)
    np.testing.assert_allclose(probabilities, labeller.probabilities(embeddings), rtol=1e-5)


@pytest.mark.parametrize("name", labeller_names())
def test_a_labeller_of_one_s_own_can_t_be_exported(name):
    class Mine(labeller_class(name)):
        pass

    with pytest.raises(InputError, match="a Mine of your own"):
        Mine(Setting(n_classes=5)).in_graph()
