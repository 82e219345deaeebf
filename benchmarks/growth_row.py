"""One row of the tables of growth: a meta-iteration of a given size, measured in this process."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.after_meta_iteration import AfterMetaIteration
from benchmarks.peak_memory import PeakMemory
from keras_selflearn import SelfLearningClassifier
from keras_selflearn.console.profiling import profiled

BATCH_SIZE = 100


@dataclass(frozen=True)
class Size:
    """Of a meta-iteration that trains for an epoch, on the labels and a mini-batch chosen by it.

    Attributes
    ----------
    images : int
        Without a label.
    labels, classes : int
        Labelled images, and how many classes these have.
    image_size : int
        Height and width in pixels.
    loss, backbone : str
    """

    images: int = 5000
    labels: int = 1000
    classes: int = 10
    image_size: int = 32
    loss: str = "triplet"
    backbone: str = "vgg16"


@dataclass(frozen=True)
class Row:
    """What it took.

    Attributes
    ----------
    step : float
        Seconds of a training step, a mini-batch of `BATCH_SIZE`.
    embedding, labelling : float
        Seconds: of all unlabelled images and, unless the loss is cross-entropy, of the labelled
        ones; and from embeddings to labels.
    peak : int
        Bytes of the process, with the images, at most.
    """

    step: float
    embedding: float
    labelling: float
    peak: int


def measure(size: Size) -> Row:
    """Of the meta-iteration that follows a training in which all that is traced has been."""
    with PeakMemory() as memory:
        rng = np.random.default_rng(0)
        n = size.images + size.labels
        images = rng.integers(0, 256, (n, size.image_size, size.image_size, 3), np.uint8)
        labels = np.full(n, -1)
        labels[: size.labels] = np.arange(size.labels) % size.classes
        classifier = SelfLearningClassifier(
            loss=size.loss,
            weights="random",
            backbone=size.backbone,
            selection_percent=100 * BATCH_SIZE / size.images,
            meta_iterations=1,
            steps=2,
            meta_epochs=1,
            batch_size=BATCH_SIZE,
            random_state=0,
        )
        with profiled() as profile:
            classifier.fit(images, labels, callbacks=[AfterMetaIteration(profile.next_lap)])
        peak = memory.take()
    stages = {name: stage.seconds for name, stage in profile.laps[1].items()}
    return Row(
        step=stages["train"] / classifier.history_[1]["gradient_steps"],
        embedding=sum(stages[name] for name in stages if name.startswith("embed")),
        labelling=stages["label"],
        peak=peak,
    )
