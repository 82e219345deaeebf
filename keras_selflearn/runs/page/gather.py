"""What the page shows, taken from a fitted classifier and its data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Callable

import numpy as np

from keras_selflearn.datasets import Dataset
from keras_selflearn.estimator.classifier import SelfLearningClassifier
from keras_selflearn.estimator.label_codes import encode, is_unlabelled
from keras_selflearn.labelling.labeller import MINUS_DISTANCE, Labeller
from keras_selflearn.runs.calibrating import measured_in, true_labels
from keras_selflearn.runs.image_labels import ImageLabels
from keras_selflearn.runs.page.contents import Contents, Embedded
from keras_selflearn.runs.record import HeldOut, RunRecord

_BYTES_AT_ONCE = 2**25


def gather(
    classifier: SelfLearningClassifier,
    dataset: Dataset,
    run: RunRecord,
    embedded: Embedded,
    doubted: ImageLabels | None = None,
    held_out: Sequence[HeldOut] = (),
) -> Contents:
    """Gather the contents of a finished run's page.

    No image is embedded if there are doubts; else the pseudo-labelled ones are, a few at a time.

    Parameters
    ----------
    classifier : SelfLearningClassifier
        Fitted on `dataset.images`, with labels among `dataset.class_names`.
    dataset : Dataset
    run : RunRecord
    embedded : Embedded
        All test images in order, `after` as `classifier.transform` gives it; training images where
        there are no test images.
    doubted : ImageLabels, optional
        None for a run of version 0.2.0.
    held_out : sequence of HeldOut
        What the folds labelled; empty without them.

    Returns
    -------
    Contents
    """
    names = np.array(dataset.class_names)
    positions = encode(classifier.classes_, names)
    pseudo_labelled = np.flatnonzero(classifier.labeled_iter_ > 0)
    final_labels, final_confidence = np.empty(0, np.int64), np.empty(0)
    if doubted is None:
        final_labels, final_confidence = label_again(
            independent_labeller(classifier),
            lambda indices: classifier.transform(dataset.images[indices]),
            dataset.images,
            pseudo_labelled,
        )
    test_predicted = np.empty(0, np.int64)
    if embedded.of == "test":
        test_predicted = positions[classifier.labeller_.label(embedded.after).labels]
    labels = encode(classifier.transduction_, names)
    labels[is_unlabelled(classifier.transduction_)] = -1
    return Contents(
        run=run,
        class_names=dataset.class_names,
        images=dataset.images,
        paths=dataset.paths,
        labels=labels,
        labelled_in=classifier.labeled_iter_,
        confidence=classifier.confidence_,
        nearest=classifier.matched_,
        by_distance=classifier.labeller_.confidence_unit == MINUS_DISTANCE,
        pseudo_labelled=pseudo_labelled,
        final_labels=positions[final_labels],
        final_confidence=final_confidence,
        true_labels=dataset.labels,
        test_images=dataset.test_images,
        test_labels=dataset.test_labels,
        test_predicted=test_predicted,
        embedded=embedded,
        doubt=None if doubted is None else doubted.doubt,
        probability=None if doubted is None else doubted.probability,
        instead=None if doubted is None else _in_names(doubted.instead, positions),
        unlike=None if doubted is None else doubted.unlike,
        **_of_folds(classifier, held_out, positions),
    )


def _of_folds(
    classifier: SelfLearningClassifier, held_out: Sequence[HeldOut], positions: np.ndarray
) -> dict[str, np.ndarray]:
    """The given labels of the images that folds held out, and the labels that they got there."""
    given, predicted = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for fold in held_out:
        measured = measured_in(classifier, fold)
        if measured is not None:
            labels = np.array(measured.labels)
            known = labels >= 0
            given.append(positions[true_labels(classifier, fold)[known]])
            predicted.append(positions[labels[known]])
    return {"fold_labels": np.concatenate(given), "fold_predicted": np.concatenate(predicted)}


def _in_names(labels: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Positions in the class names, of labels that are positions in the classes; -1 stays."""
    return np.where(labels < 0, labels, positions[labels])


def independent_labeller(classifier: SelfLearningClassifier) -> Labeller:
    """The final labeller, which compares with given labels only.

    With `reference="all"` the nearest image of a pseudo-labelled image is itself.
    """
    labeller = classifier.labeller_
    given = classifier.labeled_iter_[classifier.reference_] == 0
    if given.all():
        return labeller
    return labeller.refit(labeller.reference[given], labeller.labels[given])


def label_again(
    labeller: Labeller,
    embed: Callable[[np.ndarray], np.ndarray],
    images: np.ndarray,
    indices: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Labels (k,) int64, positions in `classes_`, and confidences (k,) float64 at `indices` (k,).

    Reads the images in their order, and no more than 32 MiB of them at once.
    """
    labels, confidence = np.empty(len(indices), np.int64), np.empty(len(indices))
    step = max(1, _BYTES_AT_ONCE // int(np.prod(images.shape[1:])))
    for start in range(0, len(indices), step):
        part = slice(start, start + step)
        labels[part], confidence[part], _ = labeller.label(embed(indices[part]))
    return labels, confidence
