"""The images of a run, with the labels that it starts from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from keras_selflearn.console.profiling import stage
from keras_selflearn.datasets import Dataset
from keras_selflearn.datasets.splitting import subset
from keras_selflearn.network.image_shape import check_image_shape
from keras_selflearn.options.config import Config
from keras_selflearn.runs.data import HIDDEN, describe_data, load, training_labels
from keras_selflearn.runs.record import Data


@dataclass(frozen=True)
class Loaded:
    """What a run starts from.

    Attributes
    ----------
    dataset : Dataset
        The part that the run uses.
    labels : (n,) str
        See `training_labels`.
    labelled : (m,) int64
        Positions of the training images that have a label.
    data : Data
        How the run's record describes it.
    """

    dataset: Dataset
    labels: np.ndarray
    labelled: np.ndarray
    data: Data


def load_for_run(config: Config) -> Loaded:
    """Load what a resolved configuration names.

    Raises
    ------
    InputError
        When that fails, the network can't take such images, or there are too few labels.
    """
    with stage("load data"):
        whole = load(config)
        dataset = subset(whole, config.train_images, config.test_images)
    check_image_shape(
        dataset.images.shape[1:], backbone=config.backbone, image_size=config.image_size
    )
    labels = training_labels(dataset, config)
    labelled = np.flatnonzero(labels != HIDDEN)
    data = describe_data(config.dataset, whole, dataset, labels[labelled])
    return Loaded(dataset, labels, labelled, data)
