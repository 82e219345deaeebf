"""Leave out classes that no image has: some data sets name more classes than they hold."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np

from keras_selflearn.console.errors import InputWarning
from keras_selflearn.datasets.dataset import Dataset

_NAMED = 10


def without_empty_classes(dataset: Dataset, name: str) -> Dataset:
    """Leave out the classes without any image, and warn of them.

    Parameters
    ----------
    dataset : Dataset
    name : str
        Of the data set, for the warning.

    Returns
    -------
    Dataset
        Its labels are positions in the classes that are left.
    """
    n_classes = len(dataset.class_names)
    labels = np.concatenate([dataset.labels, dataset.test_labels])
    is_used = np.isin(np.arange(n_classes), labels)
    if is_used.all():
        return dataset
    empty = [each for each, used in zip(dataset.class_names, is_used) if not used]
    warnings.warn(
        f"Data set '{name}' has no image of {len(empty)} of its {n_classes} classes, which are left"
        f" out: {', '.join(empty[:_NAMED])}{', ...' if len(empty) > _NAMED else ''}.",
        InputWarning,
        stacklevel=3,
    )
    place = np.cumsum(is_used) - 1

    def moved(labels: np.ndarray) -> np.ndarray:
        return np.where(labels < 0, labels, place[labels])

    return replace(
        dataset,
        labels=moved(dataset.labels),
        test_labels=moved(dataset.test_labels),
        class_names=tuple(each for each, used in zip(dataset.class_names, is_used) if used),
    )
