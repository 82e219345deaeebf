"""Augmentation of a mini-batch, over a gradient step on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Callable

import numpy as np
import tensorflow as tf

from benchmarks.line import Line
from benchmarks.settings import Settings
from benchmarks.side_by_side import seconds, speedups
from benchmarks.training import bare_training
from benchmarks.vgg16 import BATCH_SIZE, make_learner, random_examples, random_images
from keras_selflearn.options.augmentation import AUGMENTATION_NAMES
from keras_selflearn.training.augmentation import augment

AT_MOST = 5.0
_STEPS = 10
_SIZE = 32


def lines(settings: Settings) -> list[Line]:
    """Milliseconds of each augmentation, and the share of a step that all of them take."""
    n = _STEPS * BATCH_SIZE
    images, examples = random_images(n, _SIZE), random_examples(n, n)
    train = bare_training(make_learner(images), examples)
    work = {name: _augmentation(images, (name,)) for name in AUGMENTATION_NAMES}
    note = f"{BATCH_SIZE} images of {_SIZE}x{_SIZE}"
    found = []
    for name, change in work.items():
        change()
        rounds = tuple(1000 * seconds(change) / _STEPS for _ in range(settings.rounds))
        found.append(Line(name, rounds, "ms", note=note))
    ratios = speedups(train, _augmentation(images, AUGMENTATION_NAMES), settings.rounds)
    shares = tuple(100 * ratio for ratio in ratios)
    return [*found, Line("all over a step of VGG16", shares, "%", at_most=AT_MOST, note=note)]


def _augmentation(images: np.ndarray, names: Sequence[str]) -> Callable[[], None]:
    """Do `_STEPS` batches with these augmentations."""
    batches = [
        tf.constant(images[start : start + BATCH_SIZE])
        for start in range(0, len(images), BATCH_SIZE)
    ]
    change = tf.function(lambda batch, seed: augment(batch, names, seed))

    def work() -> None:
        for step, batch in enumerate(batches):
            changed = change(batch, tf.constant([0, step]))
        changed.numpy()

    return work
