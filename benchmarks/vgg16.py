"""The network that is measured: VGG16 from random weights, with as many classes as CIFAR-10."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from keras_selflearn.losses import get_objective
from keras_selflearn.network.model import build_network
from keras_selflearn.selflearning.loop import Examples
from keras_selflearn.training.learner import KerasLearner
from keras_selflearn.training.schedule import Training

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
    training = Training(epochs=epochs, learning_rate=1e-4)
    return KerasLearner(
        network,
        objective,
        images,
        n_classes=_CLASSES,
        test_data=None,
        first_training=training,
        meta_training=training,
        batch_size=BATCH_SIZE,
        augmentations=("shift", "flip"),
        reference="initial",
        n_neighbors=1,
        test_features="as-is",
        seed=0,
        callbacks=callbacks,
    )
