"""Images and labels: data sets by name, a user's own folder, and the choice of labels.

This room imports the paper's numbers, storage and the console. It knows no network, no option of
an experiment and no results folder: those use what is loaded here.
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
