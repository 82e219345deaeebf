"""The parts of a run in their order, and how much work each is."""

from __future__ import annotations

from dataclasses import dataclass, replace

from keras_selflearn.console.several import values_in
from keras_selflearn.options.config import Config
from keras_selflearn.options.training import has_head_rounds
from keras_selflearn.runs.workload import PASSES_IN_TRAINING, planned_trainings

# A head is trained, labels and is measured in about so many passes, and in so many more for each
# image. The numbers are rough: they move the progress while nothing else does.
_PASSES_OF_HEAD, _PASSES_OF_HEAD_PER_IMAGE = 30, 0.015


@dataclass(frozen=True)
class Part:
    """A training, and the labelling before it.

    Attributes
    ----------
    labelling : float
        Work before the training: images that are labelled. See `Plan`.
    steps : int
        The gradient steps; 0 for a head that is fitted at once.
    step : float
        Work of one of them.
    measuring : float
        Work after the training: test images that are embedded.
    """

    labelling: float
    steps: int
    step: float
    measuring: float

    @property
    def work(self) -> float:
        """All of it."""
        return self.labelling + self.steps * self.step + self.measuring


@dataclass(frozen=True)
class Plan:
    """What a run does. Work is counted in passes of one image forward through the network.

    Attributes
    ----------
    feature_images : int
        Images whose features are computed, before all trainings. Two networks count each twice.
    feature : float
        Work for one of them.
    fits : tuple of tuples of Part
        The trainings of each fold, and of the run itself at the end.
    """

    feature_images: int
    feature: float
    fits: tuple[tuple[Part, ...], ...]

    @property
    def features(self) -> float:
        """Work for all features."""
        return self.feature_images * self.feature

    @property
    def folds(self) -> int:
        """The number of folds."""
        return len(self.fits) - 1

    @property
    def work(self) -> float:
        """All of it."""
        return self.features + sum(part.work for parts in self.fits for part in parts)


def plan_run(
    config: Config, *, train_images: int, labelled: int, test_images: int, folds: int
) -> Plan:
    """Plan the run of a resolved configuration.

    Parameters
    ----------
    config : Config
    train_images, labelled, test_images : int
        How many there are, and how many training images have a label.
    folds : int
        0 for a run without cross-validation.
    """
    fits = []
    for fold in range(folds):
        held_out = len(range(fold, labelled, folds))
        fits.append(_parts(config, train_images - held_out, labelled - held_out, held_out))
    fits.append(_parts(config, train_images, labelled, test_images))
    if config.train == "all":
        return Plan(0, 0.0, tuple(fits))
    networks = len(values_in(config.backbone))
    images = (train_images + test_images) * networks
    return Plan(images, passes_of_features(config), tuple(fits))


def _parts(config: Config, train_images: int, labelled: int, test: int) -> tuple[Part, ...]:
    trainings, unlabelled = planned_trainings(config, train_images=train_images, labelled=labelled)
    first = _first_of_network(config)
    last = len(trainings) - 1
    parts = []
    for number, ((n, steps), rest) in enumerate(zip(trainings, [0, *unlabelled])):
        measures = test if number % config.evaluate_every == 0 or number == last else 0
        if number >= first:
            batch = min(config.batch_size, n)
            part = Part(rest, steps, PASSES_IN_TRAINING * batch, measures)
        else:
            part = Part(rest, 0, 0.0, 0.0)
        if first and number <= first:  # What was trained last labels.
            part = replace(part, labelling=_of_head(train_images))
        parts.append(part)
    return tuple(parts)


def _of_head(train_images: int) -> float:
    return _PASSES_OF_HEAD + _PASSES_OF_HEAD_PER_IMAGE * train_images


def _first_of_network(config: Config) -> float:
    """The meta-iteration from which on the whole network is trained."""
    if config.train == "all":
        return 0
    return config.head_rounds if has_head_rounds(config) else float("inf")


def passes_of_features(config: Config) -> float:
    """How many passes of the trained network the features of an image are worth."""
    views = 2 if config.mirror else 1
    if config.train == "head" or not (config.head_image_size and config.image_size):
        return views
    return views * (config.head_image_size / config.image_size) ** 2
