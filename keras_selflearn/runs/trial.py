"""How fast this machine is, measured by a few steps of the run itself."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass, replace

import numpy as np
import tensorflow as tf

from keras_selflearn.console.errors import InputWarning
from keras_selflearn.estimator.features_once import frozen_network
from keras_selflearn.network.embedding import embed, inference_batch_size
from keras_selflearn.options.config import Config
from keras_selflearn.options.training import trains_network
from keras_selflearn.runs.configuration import make_classifier
from keras_selflearn.runs.data import HIDDEN
from keras_selflearn.runs.plan import Plan, passes_of_features
from keras_selflearn.runs.workload import PASSES_IN_TRAINING

# The first steps vary.
_STEPS, _LEFT_OUT = 10, 3
_LEAST_IMAGES, _BATCHES = 64, 3
_OF_CLASS = 50


@dataclass(frozen=True)
class Speed:
    """The speed of this machine in seconds, by the units of `Plan`.

    Attributes
    ----------
    feature : float
        Of one unit of features.
    training : float
        Of one unit of anything else.
    building : float
        Of building the network, once for each fold and the run itself.
    """

    feature: float
    training: float
    building: float

    def seconds(self, plan: Plan) -> float:
        """How long a plan takes."""
        trainings = plan.work - plan.features
        building = self.building * len(plan.fits)
        return self.feature * plan.features + self.training * trainings + building


def measure_speed(config: Config, images: np.ndarray, labels: np.ndarray) -> Speed:
    """Compute some features and train some steps, and time them.

    Parameters
    ----------
    config : Config
        Resolved.
    images : (n, height, width, channels) uint8
    labels : (n,) str
        As `training_labels` returns them.
    """
    feature = training = building = 0.0
    if config.train != "all":
        feature, building = _features(config, images)
    if trains_network(config):
        training, building = _trainings(config, images, labels)
    return Speed(feature, training or feature, building)


def _features(config: Config, images: np.ndarray) -> tuple[float, float]:
    start = time.monotonic()
    parameters = make_classifier(config).get_params(deep=False)
    network = frozen_network(parameters, images.shape[1:], n_classes=2)
    batch = inference_batch_size(network.seen_shape)
    # Again and again, if there are few images.
    indices = np.arange(max(_LEAST_IMAGES, _BATCHES * batch)) % len(images)
    embed(network, images, indices[:batch])
    built = time.monotonic()
    embed(network, images, indices[: len(indices) // batch * batch])
    n = len(indices) // batch * batch
    seconds = (time.monotonic() - built) / n
    return seconds / passes_of_features(config), built - start


class _Clock(tf.keras.callbacks.Callback):
    def __init__(self) -> None:
        super().__init__()
        self.times: list[float] = []

    def on_gradient_step(self, done: int, of: int, loss: float) -> None:
        self.times.append(time.monotonic())


def _trainings(config: Config, images: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    some = np.concatenate(
        [np.flatnonzero(labels == name)[:_OF_CLASS] for name in np.unique(labels) if name != HIDDEN]
    )
    clock = _Clock()
    short = replace(config, regime="n-labelled", train="all", steps=_STEPS, settled_epochs=None)
    start = time.monotonic()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InputWarning)  # The run itself warns.
        make_classifier(short).fit(images[np.sort(some)], labels[np.sort(some)], callbacks=[clock])
    seconds = (clock.times[-1] - clock.times[_LEFT_OUT]) / (_STEPS - 1 - _LEFT_OUT)
    batch = min(config.batch_size, len(some))
    return seconds / (PASSES_IN_TRAINING * batch), clock.times[0] - start
