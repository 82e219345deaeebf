"""Exported models: their size, whether they label as the classifier does, and how fast they are."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.line import Line
from benchmarks.own_process import in_own_process
from benchmarks.settings import Settings
from keras_selflearn import SelfLearningClassifier
from keras_selflearn.datasets import load_dataset
from keras_selflearn.estimator.exporting.formats import FORMATS, Target
from keras_selflearn.estimator.exporting.writing import opened, write_model

# Random weights are as fast as trained ones, and the features of them tell digits apart.
CLASSIFIERS = {
    "VGG16, softmax": {"backbone": "vgg16", "epochs": 2},
    "VGG16, nearest": {"backbone": "vgg16", "epochs": 1, "loss": "triplet"},
    "EfficientNetV2B0, vote": {
        "backbone": "EfficientNetV2B0",
        "train": "head",
        "labelling": "vote",
        "image_size": 160,
    },
}
_BATCH = 50


def lines(settings: Settings) -> Iterator[Line]:
    """One line for each classifier and format, each classifier in a process of its own."""
    for name, options in CLASSIFIERS.items():
        yield from in_own_process(of_classifier, name, options, settings.rounds)


def of_classifier(name: str, options: dict, rounds: int, images: int = 500) -> list[Line]:
    """Fit a classifier on digits, and measure what it is exported to."""
    digits = load_dataset("digits")
    given = {"weights": "random", "meta_iterations": 0, "random_state": 0, "precision": "float32"}
    labels = digits.labels[:200]
    with TemporaryDirectory() as folder:
        classifier = SelfLearningClassifier(**{**given, **options}).fit(digits.images[:200], labels)
        return [
            _of_format(name, classifier, each, Path(folder), rounds, digits.test_images[:images])
            for each in FORMATS
        ]


def _of_format(
    name: str,
    classifier: SelfLearningClassifier,
    form: str,
    folder: Path,
    rounds: int,
    images: np.ndarray,
) -> Line:
    output, target = folder / form, Target(form)
    comparison = write_model(classifier.fitted_, output, target, images, lambda _: "")
    runtime = opened(classifier.fitted_, output, target)
    runtime(images[:_BATCH])
    paces = []
    for _ in range(rounds):
        start = time.perf_counter()
        for first in range(0, len(images), _BATCH):
            runtime(images[first : first + _BATCH])
        paces.append(1000 * (time.perf_counter() - start) / len(images))
    size = sum(path.stat().st_size for path in output.rglob("*") if path.is_file())
    note = f"{size / 1e6:.1f} MB, {FORMATS[form].runtime}, {comparison.sentence()}"
    return Line(f"{name}, {form}", tuple(paces), "ms/image", note=note)
