"""Embedding as the package does it, over the bare network."""

from __future__ import annotations

from typing import Callable

import numpy as np
import tensorflow as tf

from benchmarks.line import Line
from benchmarks.settings import Settings
from benchmarks.side_by_side import speedups
from benchmarks.vgg16 import make_learner, random_images
from keras_selflearn.network.embedding import embed, inference_batch_size
from keras_selflearn.network.precision import resolve_precision
from keras_selflearn.training.learner import KerasLearner

AT_LEAST = 0.95
# Images by their height and width.
_IMAGES = {32: 10_000, 96: 600}
# A whole number of them, so that the bare network sees one shape only.
_BARE_BATCH = 200


def lines(settings: Settings) -> list[Line]:
    """Images a second through `embed`, over those of the compiled embedder on tensors."""
    return [_line(size, n, settings.rounds) for size, n in _IMAGES.items()]


def _line(size: int, n: int, rounds: int) -> Line:
    images = random_images(n, size)
    learner = make_learner(images)
    ratios = speedups(
        lambda: embed(learner.network, images, np.arange(n)), bare_embedding(learner), rounds
    )
    note = f"VGG16, {n} images in batches of {inference_batch_size(images.shape[1:])}, bare in"
    note += f" batches of {_BARE_BATCH}, {resolve_precision('auto')}"
    name = f"embedding at {size}x{size} over the bare network"
    return Line(name, ratios, at_least=AT_LEAST, note=note)


def bare_embedding(learner: KerasLearner) -> Callable[[], None]:
    """The learner's images through its embedder, from memory and to nowhere."""
    embedder = learner.network.embedder
    batches = [
        tf.constant(learner.images[start : start + _BARE_BATCH])
        for start in range(0, len(learner.images), _BARE_BATCH)
    ]

    @tf.function
    def forward(images: tf.Tensor) -> tf.Tensor:
        return embedder(images, training=False)

    def run() -> None:
        for images in batches:
            embeddings = forward(images)
        embeddings.numpy()  # A GPU may still be computing.

    return run
