"""The losses as plain loops in float64, and batches to compare them on."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import tensorflow as tf
from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

DTYPES = ("float32", "bfloat16", "float16")


def cross_entropy(labels, logits) -> float:
    total = 0.0
    for label, row in zip(labels, logits):
        greatest = max(row)
        total += math.log(sum(math.exp(logit - greatest) for logit in row))
        total -= row[label] - greatest
    return total / len(labels)


def triplet(labels, embeddings, margin: float = 1.0, power: int = 1) -> float:
    losses = []
    for a in range(len(labels)):
        to_negatives = [
            math.dist(embeddings[a], embeddings[n]) ** power
            for n in range(len(labels))
            if labels[n] != labels[a]
        ]
        for p in range(len(labels)):
            if p == a or labels[p] != labels[a]:
                continue
            to_positive = math.dist(embeddings[a], embeddings[p]) ** power
            farther = [distance for distance in to_negatives if distance > to_positive]
            to_negative = min(farther) if farther else max(to_negatives, default=0.0)
            losses.append(max(to_positive - to_negative + margin, 0.0))
    return sum(losses) / len(losses) if losses else 0.0


def contrastive(labels, embeddings, margin: float = 1.0, power: int = 1) -> float:
    costs = []
    for i in range(len(labels)):
        for j in range(i + 1, len(labels)):
            distance = math.dist(embeddings[i], embeddings[j])
            is_alike = labels[i] == labels[j]
            costs.append((distance if is_alike else max(0.0, margin - distance)) ** power)
    return sum(costs) / len(costs) if costs else 0.0


def arcface(labels, cosines, scale: float = 30.0, margin: float = 0.5) -> float:
    logits = [[scale * cosine for cosine in row] for row in cosines]
    for i, label in enumerate(labels):
        logits[i][label] = scale * math.cos(math.acos(cosines[i][label]) + margin)
    return cross_entropy(labels, logits)


def gradient(loss: Callable[[np.ndarray], float], outputs: np.ndarray) -> np.ndarray:
    """Central differences of `loss` at `outputs`."""
    outputs = np.asarray(outputs, np.float64)
    slopes = np.zeros_like(outputs)
    step = 1e-6
    for index in np.ndindex(outputs.shape):
        ahead, behind = outputs.copy(), outputs.copy()
        ahead[index] += step
        behind[index] -= step
        slopes[index] = (loss(ahead) - loss(behind)) / (2 * step)
    return slopes


def value_and_gradient(loss, labels, outputs, dtype: str = "float32"):
    """Of one of the package's losses, given `outputs` in `dtype`."""
    outputs = tf.cast(tf.constant(outputs), dtype)
    with tf.GradientTape() as tape:
        tape.watch(outputs)
        value = loss(labels, outputs)
    slopes = tape.gradient(value, outputs)
    assert value.shape == ()
    assert value.dtype == tf.float32
    assert slopes.dtype == outputs.dtype
    return value.numpy(), tf.cast(slopes, tf.float32).numpy()


@st.composite
def grid_batches(draw, sizes=tuple(range(1, 13)), dims=tuple(range(2, 9))):
    """Labels and embeddings on a grid, many of them repeated, also across classes, or zero.

    Squares and products of quarters are exact in float32, and the quarters themselves in 16 bits:
    equal distances are equal in every precision, so that ties are decided alike.
    """
    n, dim = draw(st.sampled_from(sizes)), draw(st.sampled_from(dims))
    n_points = draw(st.integers(1, n))
    points = draw(arrays_of.arrays(np.int8, (n_points, dim), elements=st.integers(-4, 4)))
    which = draw(arrays_of.arrays(np.int64, n, elements=st.integers(0, n_points - 1)))
    return draw(_labels(n)), (points[which] / 4).astype(np.float32)


@st.composite
def unit_batches(draw):
    """Labels and L2-normalised embeddings without near-ties.

    From one anchor, no two squared distances are as close as float32 rounds them (about 1e-6), nor
    is any as small: there rounding would choose the negative, or make up the distance.
    """
    n, dim = draw(st.integers(1, 12)), draw(st.integers(2, 8))
    embeddings = unit_vectors(draw(st.integers(0, 10_000)), n, dim)
    differences = embeddings[:, None].astype(np.float64) - embeddings[None]
    squared = np.sort((differences**2).sum(axis=2), axis=1)
    assume(n == 1 or np.diff(squared, axis=1).min() > 1e-5)
    return draw(_labels(n)), embeddings


def unit_vectors(seed: int, n: int, dim: int) -> np.ndarray:
    """(n, dim) float32."""
    vectors = np.random.default_rng(seed).normal(size=(n, dim))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def _labels(n: int):
    return st.integers(1, 4).flatmap(
        lambda n_classes: arrays_of.arrays(np.int64, n, elements=st.integers(0, n_classes - 1))
    )
