"""The network that is measured: VGG16 from random weights, with as many classes as CIFAR-10."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from keras_selflearn.labelling import make_labeller
from keras_selflearn.losses import get_objective
from keras_selflearn.network.embedding import embed
from keras_selflearn.network.model import build_network
from keras_selflearn.selflearning.examples import Examples
from keras_selflearn.training.embedding_labelling import EmbeddingLabelling
from keras_selflearn.training.learner import KerasLearner
from keras_selflearn.training.meta_training import BatchTraining
from keras_selflearn.training.schedule import Schedule

BACKBONE = "vgg16"
BATCH_SIZE = 100
_CLASSES = 10


def random_images(n: int, size: int) -> np.ndarray:
    """(n, size, size, 3) uint8, the same always."""
    return np.random.default_rng(0).integers(0, 256, (n, size, size, 3), np.uint8)


def random_examples(n: int, labelled: int) -> Examples:
    """Of `n` images, of which so many have a label, spread over all of them."""
    labels = np.full(n, -1)
    labels[np.linspace(0, n - 1, labelled).astype(int)] = np.arange(labelled) % _CLASSES
    return Examples.from_labels(labels)


def make_learner(
    images: np.ndarray,
    *,
    epochs: int = 1,
    precision: str = "auto",
    callbacks: Sequence[tf.keras.callbacks.Callback] = (),
) -> KerasLearner:
    """Trains with cross-entropy, shifts and flips, in so many epochs, and then embeds nothing."""
    objective = get_objective("cross-entropy")
    network = build_network(
        backbone=BACKBONE,
        weights="random",
        image_shape=images.shape[1:],
        n_classes=_CLASSES,
        objective=objective,
        embedding_size=256,
        dropout=0.2,
        optimizer=objective.optimizer,
        learning_rate=1e-4,
        precision=precision,
    )
    labeller = functools.partial(
        make_labeller, objective.labelling, head=network.head, n_classes=_CLASSES
    )
    schedule = Schedule(epochs=epochs, learning_rate=1e-4)
    return KerasLearner(
        network,
        EmbeddingLabelling(functools.partial(embed, network), images, labeller),
        images,
        n_classes=_CLASSES,
        test_data=None,
        first_schedule=schedule,
        meta_schedule=schedule,
        meta_training=BatchTraining(BATCH_SIZE, ("shift", "flip"), seed=0),
        callbacks=callbacks,
    )
