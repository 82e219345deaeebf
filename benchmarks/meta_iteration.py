"""A whole meta-iteration over one of a plain script."""

from __future__ import annotations

import functools
from collections.abc import Iterator

import numpy as np

from benchmarks.amx import bound_with_amx
from benchmarks.line import Line
from benchmarks.plain_reference import PlainReference
from benchmarks.settings import Settings
from benchmarks.side_by_side import speedups
from keras_selflearn.labelling import make_labeller
from keras_selflearn.losses import get_objective
from keras_selflearn.network.embedding import embed
from keras_selflearn.network.model import build_network
from keras_selflearn.network.precision import resolve_precision
from keras_selflearn.selflearning.examples import UNLABELLED, Examples
from keras_selflearn.selflearning.loop import self_learning
from keras_selflearn.selflearning.record import Record
from keras_selflearn.selflearning.selection import select
from keras_selflearn.selflearning.state import RunState
from keras_selflearn.training.embedding_labelling import EmbeddingLabelling
from keras_selflearn.training.learner import KerasLearner
from keras_selflearn.training.meta_training import BatchTraining
from keras_selflearn.training.schedule import Schedule

AT_LEAST = 2.5
N_CLASSES = 10
SELECTION_PERCENT = 5.0
BATCH_SIZE = 100
EPOCHS = 2


def lines(settings: Settings) -> list[Line]:
    """VGG16 on images of 32x32, in the precision that the project chooses here."""
    # A round takes minutes.
    rounds = min(settings.rounds, 3)
    return [speedup("vgg16", n_labelled=1000, n_unlabelled=8000, n_test=1000, rounds=rounds)]


def speedup(backbone: str, *, n_labelled: int, n_unlabelled: int, n_test: int, rounds: int) -> Line:
    """Of random images of 32x32; the first meta-iteration, in which TensorFlow traces, not counted.

    Both go on from meta-iteration to meta-iteration, with as many images each.
    """
    rng = np.random.default_rng(0)
    n = n_labelled + n_unlabelled
    images = rng.integers(0, 256, (n + n_test, 32, 32, 3), np.uint8)
    labels = rng.integers(0, N_CLASSES, n + n_test)
    test_data = images[n:], labels[n:]
    reference = PlainReference(
        images[:n_labelled],
        labels[:n_labelled],
        images[n_labelled:n],
        *test_data,
        backbone=backbone,
        epochs=EPOCHS,
        selection_percent=SELECTION_PERCENT,
        batch_size=BATCH_SIZE,
    )
    given = np.where(np.arange(n) < n_labelled, labels[:n], UNLABELLED)
    precision = resolve_precision("auto")
    records = meta_iterations(backbone, precision, images[:n], given, test_data, rounds + 1)
    next(records)  # the training on the initial labels, which is no meta-iteration
    bound, why = bound_with_amx(AT_LEAST)
    return Line(
        "a meta-iteration, over a plain script in float32",
        speedups(lambda: next(records), reference.meta_iteration, rounds),
        at_least=bound,
        note=f"{precision}; {n_unlabelled} unlabelled, {n_labelled} labelled and {n_test} test"
        f" images, {EPOCHS} epochs, triplet loss, evaluation included{why}",
    )


def meta_iterations(
    backbone: str,
    precision: str,
    images: np.ndarray,
    labels: np.ndarray,
    test_data: tuple[np.ndarray, np.ndarray],
    number: int,
) -> Iterator[Record]:
    """The project's own, in the plain script's order; the first record is of no meta-iteration."""
    objective = get_objective("triplet")
    network = build_network(
        backbone=backbone,
        weights="random",
        image_shape=images.shape[1:],
        n_classes=N_CLASSES,
        objective=objective,
        embedding_size=256,
        dropout=0.2,
        optimizer=objective.optimizer,
        learning_rate=1e-4,
        precision=precision,
    )
    labeller = functools.partial(
        make_labeller, objective.labelling, head=network.head, n_classes=N_CLASSES
    )
    learner = KerasLearner(
        network,
        EmbeddingLabelling(functools.partial(embed, network), images, labeller),
        images,
        n_classes=N_CLASSES,
        test_data=test_data,
        first_schedule=Schedule(epochs=1, learning_rate=1e-4),
        meta_schedule=Schedule(epochs=EPOCHS, learning_rate=1e-5),
        meta_training=BatchTraining(BATCH_SIZE, ("shift",), seed=0),
    )
    states = self_learning(
        RunState(Examples.from_labels(labels)),
        learner,
        meta_iterations=number,
        select=functools.partial(select, percent=SELECTION_PERCENT),
        order="train-first",
    )
    return (state.history[-1] for state in states if not state.position.steps)
