"""Nearest-neighbour labelling over a Python loop over examples, and how it grows."""

from __future__ import annotations

import sys

import numpy as np
from scipy.spatial.distance import cdist

from benchmarks.line import Line
from benchmarks.own_process import in_own_process
from benchmarks.peak_memory import MIB, NOT_MEASURED, PeakMemory, can_measure
from benchmarks.settings import Settings
from benchmarks.side_by_side import seconds, speedups
from keras_selflearn.labelling import make_labeller

DIMENSIONS = 256
N_CLASSES = 10


def lines(settings: Settings) -> list[Line]:
    """Of CIFAR-10's size with 4000 labels, and of more than any data set of the paper has."""
    found = [speedup(46_000, 4_000, looped=500, rounds=settings.rounds)]
    if not can_measure():
        print(f"labelling: {NOT_MEASURED}", file=sys.stderr)
        return found
    return found + in_own_process(growth, 200_000, 40_000)


def speedup(n: int, n_labelled: int, *, looped: int, rounds: int) -> Line:
    """Labelling `n` embeddings, over a loop that is timed on `looped` of them."""
    rng = np.random.default_rng(0)
    embeddings, reference = unit_vectors(rng, n), unit_vectors(rng, n_labelled)
    labels = rng.integers(0, N_CLASSES, n_labelled)
    labeller = make_labeller("nearest", n_classes=N_CLASSES).fit(reference, labels)
    ratios = speedups(
        lambda: labeller.label(embeddings),
        lambda: label_in_a_loop(embeddings[:looped], reference, labels),
        rounds,
    )
    return Line(
        "labelling by the nearest neighbour, over a Python loop over SciPy's cdist",
        tuple(ratio * n / looped for ratio in ratios),
        at_least=40,
        note=f"{n} embeddings of {DIMENSIONS} dimensions among {n_labelled}; the loop, which"
        f" sorts each row of distances as the authors' does, is timed on {looped} of them",
    )


def growth(n: int, n_labelled: int) -> list[Line]:
    """Seconds, and memory beyond the embeddings; the memory is the process's own."""
    rng = np.random.default_rng(0)
    embeddings, reference = unit_vectors(rng, n), unit_vectors(rng, n_labelled)
    labels = rng.integers(0, N_CLASSES, n_labelled)
    labeller = make_labeller("nearest", n_classes=N_CLASSES).fit(reference, labels)
    labeller.label(embeddings[:100])  # starts the threads and their buffers
    with PeakMemory() as memory:
        took = seconds(lambda: labeller.label(embeddings))
        peak = memory.take() - memory.before
    name = f"labelling {n} embeddings of {DIMENSIONS} dimensions among {n_labelled}"
    return [
        Line(f"{name}: memory beyond them", (peak / MIB,), "MiB", at_most=256),
        Line(f"{name}: time", (took,), "s", note="no bound: it is the machine's; one round"),
    ]


def label_in_a_loop(
    embeddings: np.ndarray, reference: np.ndarray, labels: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Labels and confidences of (n, d) embeddings, as `NearestNeighbourLabeller.label`.

    Sorts all distances to find the least, as the authors' public code does.
    """
    predicted, confidences = [], []
    for embedding in embeddings:
        squares = cdist(reference, embedding[None], "sqeuclidean").ravel()
        nearest = squares.argsort()[0]
        predicted.append(labels[nearest])
        confidences.append(-np.sqrt(squares[nearest]))
    return np.array(predicted), np.array(confidences)


def unit_vectors(rng: np.random.Generator, n: int) -> np.ndarray:
    """(n, DIMENSIONS) float32 of length 1, as the metric losses' embeddings are."""
    vectors = rng.standard_normal((n, DIMENSIONS), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors
