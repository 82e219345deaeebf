"""Accuracy with labels of suggested images, beside labels of random ones, on CIFAR-10.

Each draw has 3000 training images without labels, and three ways to choose 20 of them, then 5 times
20 more: at random; suggested after the same random 20; suggested from the first one on.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import numpy as np

from benchmarks.line import Line
from benchmarks.settings import Settings
from keras_selflearn.labelling import make_labeller
from keras_selflearn.labelling.linear_heads import fit_discriminant, fit_logistic
from keras_selflearn.labelling.similarity_graph import unit_rows
from keras_selflearn.labelling.suggestion import suggest
from keras_selflearn.reproduction.markdown import mean_and_deviation

POOL, HELD_OUT, FIRST, IN_ROUND, ROUNDS, SEEDS = 3000, 2000, 20, 20, 5, 3
WAYS = ("random", "suggested", "suggested from the first on")
# All unlabelled images together weigh four times as much as the labelled ones.
_SHARE = 0.25
Figures = dict[str, float]


def lines(settings: Settings) -> Iterator[Line]:
    """Measure with the features of `--backbone`, which the cache folder keeps."""
    if settings.backbone is None:
        print("suggest: give the network for the features with --backbone.", file=sys.stderr)
        return
    found: dict[str, list[Figures]] = {way: [] for way in WAYS}
    for seed in range(SEEDS):
        embeddings, labels = _of_draw(settings, seed)
        for way in WAYS:
            found[way].append(figures(embeddings, labels, POOL, way, seed))
            print(seed, way, found[way][-1], file=sys.stderr, flush=True)
    for name in found["random"][0]:
        for way in WAYS:
            values = tuple(each[name] for each in found[way])
            yield Line(f"{name}, labels {way}", values, "%", note=mean_and_deviation(values))
    name = f"the head, test images, after {ROUNDS} rounds"
    gains = tuple(b[name] - a[name] for a, b in zip(found["random"], found["suggested"]))
    note = mean_and_deviation(gains)
    yield Line(f"{name}: suggested over random", gains, "points", at_least=0, note=note)


def _of_draw(settings: Settings, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings (n, d) and labels (n,) of the pool and of test images after it."""
    from keras_selflearn import SelfLearningClassifier
    from keras_selflearn.datasets import load_dataset
    from keras_selflearn.estimator.features_once import frozen_embeddings

    dataset = load_dataset("cifar10", settings.data_dir)
    chance = np.random.default_rng(seed)
    pool = np.sort(chance.choice(len(dataset.images), POOL, replace=False))
    held_out = np.arange(HELD_OUT)
    images = np.concatenate([dataset.images[pool], dataset.test_images[held_out]])
    classifier = SelfLearningClassifier(preset="quick", backbone=settings.backbone)
    embeddings = frozen_embeddings(
        classifier.get_params(deep=False), images, n_classes=10, tell=lambda *_: None
    )
    if embeddings is None:
        raise RuntimeError(f"{settings.backbone} has no weights to begin with")
    return embeddings, np.concatenate([dataset.labels[pool], dataset.test_labels[held_out]])


def figures(
    embeddings: np.ndarray, labels: np.ndarray, n_pool: int, way: str, seed: int
) -> Figures:
    """Choose labels in one of the `WAYS`, and measure accuracies in percent, by name.

    Parameters
    ----------
    embeddings : (n, d) float32
        Of the pool, and of test images after it.
    labels : (n,) integers
    n_pool : int
    way : str
    seed : int
    """
    pool, chance = embeddings[:n_pool], np.random.default_rng(seed)
    order = chance.permutation(n_pool)
    given = suggest(pool, FIRST, seed=seed).index if way == WAYS[2] else order[:FIRST]
    curve = [accuracies(embeddings, labels, n_pool, given)]
    for each in range(ROUNDS):
        if way == WAYS[0]:
            new = order[FIRST + each * IN_ROUND :][:IN_ROUND]
        else:
            known = np.full(n_pool, -1)
            known[given] = labels[given]
            new = suggest(pool, IN_ROUND, labels=known, seed=seed).index
        given = np.concatenate([given, new])
        curve.append(accuracies(embeddings, labels, n_pool, given))
    return {
        **{f"{name}, after {ROUNDS} rounds": curve[-1][name] for name in curve[0]},
        **{
            f"{name}, mean over the rounds": float(np.mean([each[name] for each in curve[1:]]))
            for name in curve[0]
        },
    }


def accuracies(
    embeddings: np.ndarray, labels: np.ndarray, n_pool: int, given: np.ndarray
) -> Figures:
    """The accuracy of a head on the labels and of the graph of the pool, in percent."""
    units = unit_rows(embeddings)
    classes, numbers = np.unique(labels[given], return_inverse=True)
    rest, test = np.setdiff1d(np.arange(n_pool), given), np.arange(n_pool, len(labels))
    head = fit_logistic(units[given], numbers, n_classes=len(classes))
    graph = make_labeller("graph", n_classes=len(classes)).fit(units[given], numbers, units[rest])
    spread = graph.unlabelled_probabilities().argmax(axis=1)
    weights = np.ones(n_pool)
    weights[: len(given)] = max(1, _SHARE * len(rest) / len(given))
    second = fit_discriminant(
        units[np.concatenate([given, rest])],
        np.concatenate([numbers, spread]),
        n_classes=len(classes),
        weights=weights,
    )

    def right(predicted: np.ndarray, index: np.ndarray) -> float:
        return 100 * float(np.mean(classes[predicted] == labels[index]))

    return {
        "the head, rest of the pool": right(head.probabilities(units[rest]).argmax(axis=1), rest),
        "the head, test images": right(head.probabilities(units[test]).argmax(axis=1), test),
        "the graph, rest of the pool": right(spread, rest),
        "the graph, test images": right(second.probabilities(units[test]).argmax(axis=1), test),
    }
