"""The accuracy on the test images that training does not have."""

from __future__ import annotations

import msgspec
import numpy as np

from keras_selflearn.datasets import Dataset
from keras_selflearn.estimator.classifier import SelfLearningClassifier
from keras_selflearn.estimator.label_codes import encode
from keras_selflearn.runs.before_and_after import BeforeAndAfter
from keras_selflearn.runs.data import names_with_none
from keras_selflearn.runs.duplicates import FolderCopies, count_duplicates
from keras_selflearn.runs.record import Duplicates


def without_copies(
    copies: FolderCopies,
    measured: BeforeAndAfter,
    classifier: SelfLearningClassifier,
    dataset: Dataset,
) -> Duplicates:
    """Count the copies, and measure the last labels of the test images with and without them."""
    numbers = count_duplicates(copies)
    found = measured.measured(len(dataset.test_labels))
    last = found.get("after", found.get("before"))
    if last is None or not last.labels:
        return numbers
    names = names_with_none(dataset)[dataset.test_labels]
    is_right = np.array(last.labels) == encode(names, classifier.classes_)
    return with_accuracy(numbers, copies, is_right)


def with_accuracy(numbers: Duplicates, copies: FolderCopies, is_right: np.ndarray) -> Duplicates:
    """Add the accuracy with and without the test images that are training images, too.

    Parameters
    ----------
    numbers : Duplicates
    copies : FolderCopies
    is_right : (m,) bool
        Of the m test images in their order.
    """
    kept = is_right[~copies.in_training[len(copies.paths) - len(is_right) :]]
    return msgspec.structs.replace(
        numbers,
        test_accuracy_with=100 * float(is_right.mean()),
        test_accuracy_without=100 * float(kept.mean()) if len(kept) else None,
    )
