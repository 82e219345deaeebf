"""Images and labels: data sets by name, a user's own folder, and the choice of labels.

It may import `paper`, `storage`, `selflearning` and `console`. A network, an option of an
experiment and a results folder must not come in: they use what is loaded here.
"""

from __future__ import annotations

from keras_selflearn.datasets.dataset import Dataset
from keras_selflearn.datasets.registry import (
    DATASETS,
    FOLDER,
    TFDS_PREFIX,
    Entry,
    dataset_entry,
    load_dataset,
)

__all__ = [
    "DATASETS",
    "FOLDER",
    "TFDS_PREFIX",
    "Dataset",
    "Entry",
    "dataset_entry",
    "load_dataset",
]
