"""`auto` precision over float32: speed, and that accuracy stays what it is."""

from __future__ import annotations

import statistics
import sys

import numpy as np

from benchmarks.amx import bound_with_amx
from benchmarks.line import Line
from benchmarks.settings import Settings
from benchmarks.side_by_side import speedups
from benchmarks.vgg16 import BATCH_SIZE, make_learner, random_examples, random_images
from keras_selflearn import SelfLearningClassifier
from keras_selflearn.console.errors import InputError
from keras_selflearn.datasets import Dataset, load_dataset
from keras_selflearn.datasets.splitting import choose_labelled, subset
from keras_selflearn.network.embedding import embed
from keras_selflearn.network.precision import resolve_precision

AT_LEAST = 1.8
_EMBEDDED, _TRAINED = 2000, 1000
_SEEDS = (0, 1, 2)
_DIGITS = {"loss": "triplet", "weights": "random", "epochs": 30}
_DIGITS_LABELS = 200
_CIFAR10 = {"loss": "cross-entropy", "epochs": 10}
_CIFAR10_LABELS = _CIFAR10_TEST = 1000


def lines(settings: Settings) -> list[Line]:
    """Training, embedding, and the differences of the accuracies where data and weights are."""
    found = _speeds(settings.rounds)
    found.append(_accuracies(load_dataset("digits"), "digits", _DIGITS_LABELS, **_DIGITS))
    try:
        found.append(_on_cifar10(settings))
    except InputError as error:
        print(f"\nThe accuracy on CIFAR-10 is left out: {error}", file=sys.stderr)
    return found


def _speeds(rounds: int) -> list[Line]:
    images, examples = random_images(_EMBEDDED, 32), random_examples(_EMBEDDED, _TRAINED)
    auto, exact = (make_learner(images, precision=name) for name in ("auto", "float32"))
    indices = np.arange(_EMBEDDED)
    ratios = {
        f"training on {_TRAINED} images of 32x32, batch {BATCH_SIZE}": speedups(
            lambda: auto.train(examples, 1), lambda: exact.train(examples, 1), rounds
        ),
        f"embedding {_EMBEDDED} images of 32x32": speedups(
            lambda: embed(auto.network, images, indices),
            lambda: embed(exact.network, images, indices),
            rounds,
        ),
    }
    bound, why = bound_with_amx(AT_LEAST)
    note = f"VGG16, auto is {resolve_precision('auto')} here{why}"
    return [
        Line(f"auto precision over float32, {name}", values, at_least=bound, note=note)
        for name, values in ratios.items()
    ]


def _on_cifar10(settings: Settings) -> Line:
    if settings.imagenet_weights is None:
        raise InputError("give a file of the ImageNet weights with --imagenet_weights=PATH.")
    dataset = subset(load_dataset("cifar10", settings.data_dir), None, _CIFAR10_TEST)
    parameters = {**_CIFAR10, "weights": settings.imagenet_weights}
    return _accuracies(dataset, "CIFAR-10", _CIFAR10_LABELS, **parameters)


def _accuracies(dataset: Dataset, name: str, n_labels: int, **parameters: object) -> Line:
    found = {
        precision: [
            _accuracy(dataset, n_labels, seed, precision=precision, **parameters) for seed in _SEEDS
        ]
        for precision in ("float32", "auto")
    }
    means = {precision: statistics.fmean(values) for precision, values in found.items()}
    spread = max(found["float32"]) - min(found["float32"])
    percent = {
        precision: " ".join(f"{value:.1f}" for value in values)
        for precision, values in found.items()
    }
    return Line(
        f"test accuracy on {name}, auto from float32",
        (abs(means["auto"] - means["float32"]),),
        "points",
        at_most=spread,
        note=f"means of seeds {_SEEDS}; the bound is the range of float32: float32"
        f" {percent['float32']} %, auto {percent['auto']} %; {n_labels} labels",
    )


def _accuracy(dataset: Dataset, n_labels: int, seed: int, **parameters: object) -> float:
    chosen = choose_labelled(dataset.labels, n_labels, seed=seed)
    classifier = SelfLearningClassifier(meta_iterations=0, random_state=seed, **parameters)
    classifier.fit(
        dataset.images[chosen],
        dataset.labels[chosen],
        validation_data=(dataset.test_images, dataset.test_labels),
    )
    return classifier.history_[0]["test_accuracy"]
