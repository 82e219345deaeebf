from __future__ import annotations

import numpy as np
import pytest

from benchmarks import labelling
from benchmarks.peak_memory import MIB, can_measure
from keras_selflearn.labelling import make_labeller


def test_the_loop_labels_as_the_project_does():
    rng = np.random.default_rng(0)
    embeddings, reference = labelling.unit_vectors(rng, 30), labelling.unit_vectors(rng, 20)
    labels = rng.integers(0, 3, 20)
    predicted, confidences = labelling.label_in_a_loop(embeddings, reference, labels)
    ours = make_labeller("nearest", n_classes=3).fit(reference, labels).label(embeddings)
    np.testing.assert_array_equal(predicted, ours[0])
    np.testing.assert_allclose(confidences, ours[1], rtol=1e-5)


def test_embeddings_have_length_1():
    vectors = labelling.unit_vectors(np.random.default_rng(0), 5)
    assert (vectors.shape, vectors.dtype) == ((5, labelling.DIMENSIONS), np.float32)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)


def test_the_time_of_the_loop_is_scaled_to_all_embeddings(monkeypatch):
    looped = []

    def speedups(ours, reference, rounds):
        ours()
        looped.append(len(reference()[0]))
        return (2.0,) * rounds

    monkeypatch.setattr(labelling, "speedups", speedups)
    line = labelling.speedup(300, 50, looped=20, rounds=2)
    assert looped == [20]
    assert line.rounds == (30, 30)
    assert (line.unit, line.at_least, line.at_most) == ("x", 40, None)


@pytest.mark.skipif(not can_measure(), reason="memory is measured on Linux only")
def test_memory_of_labelling_is_far_from_that_of_all_distances():
    n, n_labelled = 8000, 8000
    memory, time = labelling.growth(n, n_labelled)
    assert 0 <= memory.value < memory.at_most < n * n_labelled * 8 / MIB
    assert (memory.unit, time.unit, time.bound) == ("MiB", "s", "")
    assert time.value > 0


def test_without_linux_only_the_speedup_is_left(monkeypatch, capsys):
    monkeypatch.setattr(labelling, "can_measure", lambda: False)
    monkeypatch.setattr(labelling, "speedup", lambda *_, **__: "speedup")
    settings = labelling.Settings(rounds=1)
    assert labelling.lines(settings) == ["speedup"]
    assert "Linux only" in capsys.readouterr().err
