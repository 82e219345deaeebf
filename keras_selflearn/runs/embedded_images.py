"""The images whose embeddings a run keeps, before and after, to be looked at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from keras_selflearn.datasets import Dataset

# Of the training images, where there are no test images.
_MOST = 2000


@dataclass(frozen=True)
class Shown:
    """Some images of a data set.

    Attributes
    ----------
    of : "test" or "train"
    images : (n, height, width, channels) uint8
        All test or all training images.
    indices : (k,) int64
        Which of these.
    labels : (k,) int64
        Positions in the class names, -1 where not known.
    """

    of: str
    images: np.ndarray
    indices: np.ndarray
    labels: np.ndarray


def shown_images(dataset: Dataset, initially_labelled: np.ndarray) -> Shown:
    """All test images or, where there are none, 2000 training images, the labelled ones first.

    Parameters
    ----------
    dataset : Dataset
    initially_labelled : (m,) int64
    """
    if len(dataset.test_images):
        indices = np.arange(len(dataset.test_images))
        return Shown("test", dataset.test_images, indices, dataset.test_labels)
    others = np.setdiff1d(np.arange(len(dataset.images)), initially_labelled)
    chance = np.random.default_rng(0)  # No seed of an experiment changes what is looked at.
    indices = np.concatenate([chance.permutation(initially_labelled), chance.permutation(others)])
    indices = np.sort(indices[:_MOST])
    return Shown("train", dataset.images, indices, dataset.labels[indices])
