"""The images whose embeddings a run keeps, before and after self-learning."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from keras_selflearn.datasets import Dataset

# Without test images, a run keeps the embeddings of this many training images.
_MOST = 2000


@dataclass(frozen=True)
class EmbeddedImages:
    """Some images of a data set.

    Attributes
    ----------
    of : "test" or "train"
    images : (n, height, width, channels) uint8
        All test images, or all training images.
    indices : (k,) int64
        Positions of the embedded images in `images`.
    labels : (k,) int64
        Positions in the class names; -1 for an unknown label.
    """

    of: str
    images: np.ndarray
    indices: np.ndarray
    labels: np.ndarray


def images_to_embed(dataset: Dataset, initially_labelled: np.ndarray) -> EmbeddedImages:
    """Take all test images or, without a test set, 2000 training images, labelled ones first.

    Parameters
    ----------
    dataset : Dataset
    initially_labelled : (m,) int64
        Positions of the training images that have a label.
    """
    if len(dataset.test_images):
        indices = np.arange(len(dataset.test_images))
        return EmbeddedImages("test", dataset.test_images, indices, dataset.test_labels)
    others = np.setdiff1d(np.arange(len(dataset.images)), initially_labelled)
    # A fixed seed: runs with different seeds show the same images.
    chance = np.random.default_rng(0)
    indices = np.concatenate([chance.permutation(initially_labelled), chance.permutation(others)])
    indices = np.sort(indices[:_MOST])
    return EmbeddedImages("train", dataset.images, indices, dataset.labels[indices])
