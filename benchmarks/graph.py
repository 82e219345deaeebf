"""Time and memory of the graph of all images, at the size of CIFAR-10."""

from __future__ import annotations

import sys

import numpy as np

from benchmarks.line import Line
from benchmarks.own_process import in_own_process
from benchmarks.peak_memory import MIB, NOT_MEASURED, PeakMemory, can_measure
from benchmarks.settings import Settings
from benchmarks.side_by_side import seconds
from keras_selflearn.labelling.similarity_graph import similarity_graph
from keras_selflearn.labelling.spreading import spread

IMAGES, DIMENSIONS, N_CLASSES = 50_000, 1280, 10


def lines(settings: Settings) -> list[Line]:
    """Measure in a process of its own, whose memory nothing else has taken."""
    if not can_measure():
        print(f"graph: {NOT_MEASURED}", file=sys.stderr)
        return []
    return in_own_process(of_size, IMAGES)


def of_size(n: int) -> list[Line]:
    """Make the graph of `n` random embeddings, and spread labels over it."""
    embeddings = np.random.default_rng(0).standard_normal((n, DIMENSIONS), dtype=np.float32)
    similarity_graph(embeddings[:2000], dimensions=256, n_neighbors=10, exponent=3.0)
    graphs = []

    def make() -> None:
        graphs.append(similarity_graph(embeddings, dimensions=256, n_neighbors=10, exponent=3.0))

    with PeakMemory() as memory:
        took = seconds(make)
        peak = memory.take() - memory.before
    start = np.zeros((n, N_CLASSES), np.float32)
    start[np.arange(N_CLASSES), np.arange(N_CLASSES)] = 1
    spreading = seconds(lambda: spread(graphs[0], start, alpha=0.9, steps=50))
    name = f"the graph of {n} embeddings of {DIMENSIONS} dimensions"
    return [
        Line(f"{name}: time", (took,), "s", at_most=60),
        Line(f"{name}: memory beyond them", (peak / MIB,), "MiB", at_most=1024),
        Line(f"labels spread over {name}, 50 steps: time", (spreading,), "s", at_most=10),
    ]
