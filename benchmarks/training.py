"""Training as the package does it, over the bare gradient steps."""

from __future__ import annotations

import contextlib
import io
import tempfile
from pathlib import Path
from typing import Callable

import tensorflow as tf

from benchmarks.line import Line
from benchmarks.settings import Settings
from benchmarks.side_by_side import speedups
from benchmarks.vgg16 import BATCH_SIZE, make_learner, random_examples, random_images
from keras_selflearn.network.precision import resolve_precision
from keras_selflearn.runs.events import EventFiles
from keras_selflearn.runs.progress import ONE_TRAINING, ProgressBar
from keras_selflearn.runs.whole_run import WholeRun
from keras_selflearn.selflearning.examples import Examples
from keras_selflearn.training.learner import KerasLearner

AT_LEAST = 0.97
_IMAGES = 10_000
# As many as the paper's SVHN has: ten steps an epoch.
_LABELLED = 1000
_EPOCHS = 3


def lines(settings: Settings) -> list[Line]:
    """Images a second through `KerasLearner.train`, over those of a compiled step on tensors."""
    images, examples = random_images(_IMAGES, 32), random_examples(_IMAGES, _LABELLED)
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(io.StringIO()):
        bar = ProgressBar("training", WholeRun(ONE_TRAINING))
        learner = make_learner(images, epochs=_EPOCHS, callbacks=[bar, EventFiles(Path(folder))])
        ratios = speedups(
            lambda: learner.train(examples, 1), bare_training(learner, examples), settings.rounds
        )
        bar.close()
    note = f"VGG16, batch {BATCH_SIZE}, {_EPOCHS} epochs of {_LABELLED} images"
    note += f", {resolve_precision('auto')}"
    return [Line("training at 32x32 over bare steps", ratios, at_least=AT_LEAST, note=note)]


def bare_training(learner: KerasLearner, examples: Examples) -> Callable[[], None]:
    """As many steps with the learner's network, loss and optimiser, and nothing around them."""
    network = learner.network.trainer
    loss = network.loss
    optimizer = network.optimizer
    n = len(examples.labelled)
    batches = [
        (tf.constant(learner.images[batch]), tf.constant(examples.labels[batch]))
        for start in range(0, n, BATCH_SIZE)
        for batch in [examples.labelled[start : start + BATCH_SIZE]]
    ]

    @tf.function(reduce_retracing=True)
    def step(images: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            value = loss(labels, network(images, training=True))
        variables = network.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(value, variables), variables))
        return value

    def train() -> None:
        for _ in range(learner.meta_schedule.epochs):
            for images, labels in batches:
                value = step(images, labels)
        value.numpy()  # A GPU may still be computing.

    return train
