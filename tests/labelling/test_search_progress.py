from __future__ import annotations

import logging

import numpy as np
import pytest

from keras_selflearn.labelling import make_labeller, search_progress, similarity_graph


@pytest.fixture
def said(monkeypatch):
    """The messages that are logged."""
    messages = []
    handler = logging.Handler()
    handler.emit = lambda record: messages.append(record.getMessage())
    monkeypatch.setattr(search_progress._LOG, "handlers", [handler])
    monkeypatch.setattr(search_progress._LOG, "propagate", False)
    monkeypatch.setattr(search_progress._LOG, "level", logging.INFO)
    return messages


def search(monkeypatch, seconds, n_blocks=3):
    """Search for 1000 images that take so many seconds for each hundred."""
    clock = [0.0]
    monkeypatch.setattr(search_progress.time, "monotonic", lambda: clock[0])
    report = search_progress.SearchProgress(1000, None)
    for block in range(1, n_blocks + 1):
        clock[0] = block * seconds
        report(100 * block)


def test_a_search_of_many_minutes_is_announced_once(monkeypatch, said):
    search(monkeypatch, 90)
    (line,) = said
    assert "The graph of 1000 images takes about 15 minutes" in line


@pytest.mark.parametrize("seconds", [0.01, 59])
def test_a_shorter_search_is_not_announced(seconds, monkeypatch, said):
    search(monkeypatch, seconds)
    assert said == []


def test_it_is_announced_with_the_first_block_that_took_long_enough(monkeypatch, said):
    search(monkeypatch, 90, n_blocks=1)
    assert len(said) == 1


@pytest.mark.parametrize("labelling", ["graph", "vote"])
def test_the_labeller_s_graph_tells_how_far_it_is(labelling, monkeypatch):
    monkeypatch.setattr(similarity_graph, "_MEBIBYTES_OF_SIMILARITIES", 1)
    told = []
    subject = make_labeller(
        labelling,
        n_classes=2,
        voters=("graph", "nearest"),
        tell=lambda done, n: told.append((done, n)),
    )
    vectors = np.random.default_rng(0).normal(size=(700, 4)).astype(np.float32)
    subject.fit(vectors[:10], np.arange(10) % 2, vectors[10:])
    rows = 2**20 // (4 * 700)
    assert told == [(0, 700), (rows, 700), (700, 700)]
