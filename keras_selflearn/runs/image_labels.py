"""What a run says of each training image: its label, and how far it can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Callable

import numpy as np

from keras_selflearn.console.profiling import stage
from keras_selflearn.estimator.classifier import SelfLearningClassifier
from keras_selflearn.estimator.features_once import frozen_embeddings
from keras_selflearn.estimator.label_codes import encode
from keras_selflearn.labelling.calibration import Calibration
from keras_selflearn.labelling.doubt import doubt_of, probabilities_out_of_fold
from keras_selflearn.labelling.labeller import PROBABILITY
from keras_selflearn.labelling.unlike import unlike_labelled
from keras_selflearn.network.embedding import embed
from keras_selflearn.runs.calibrating import measured_in, true_labels
from keras_selflearn.runs.record import HeldOut
from keras_selflearn.selflearning.examples import UNLABELLED


@dataclass(frozen=True)
class ImageLabels:
    """The labels of the training images at the end of a run.

    Attributes
    ----------
    labels : (n,) int64
        Positions in the classes; -1 for an image that stays without a label.
    given : (n,) bool
        Whether the label was given.
    meta_iteration : (n,) int64
        0 for a given label, else the meta-iteration of the pseudo-label; -1 for a label that the
        final model gives, and without a label.
    nearest : (n,) int64
        The nearest labelled training image; -1 where the labeller compares with none.
    doubt : (n,) float64
        From 0 to 1: see `doubt_of`. NaN without a label, and for the only image of a class.
    instead : (n,) int64
        The likeliest other class; -1 where there is no doubt.
    probability : (n,) float64
        That a predicted label is right, as the folds measured it. NaN for all others, and without
        folds.
    unlike : (n,) float64
        How unlike all images with a given label it is, from 0 to 1: see `unlike_labelled`. NaN for
        a given label.
    """

    labels: np.ndarray
    given: np.ndarray
    meta_iteration: np.ndarray
    nearest: np.ndarray
    doubt: np.ndarray
    instead: np.ndarray
    probability: np.ndarray
    unlike: np.ndarray


def image_labels(
    classifier: SelfLearningClassifier,
    images: np.ndarray,
    held_out: Sequence[HeldOut],
    embeddings: np.ndarray,
) -> ImageLabels:
    """Collect the labels of a fitted classifier's training images, and doubt them.

    Images without a pseudo-label get the final model's label, if it is as sure as `min_confidence`.
    Doubt comes from `doubting_embeddings`: the trained network finds fewer mistakes than the one
    with its initial weights, which saw no label.

    Parameters
    ----------
    classifier : SelfLearningClassifier
    images : (n, height, width, channels) uint8
        The images that it was fitted on.
    held_out : sequence of HeldOut
        The labels of each fold; empty without folds.
    embeddings : (n, d) float32
        Of all images.
    """
    labels, nearest = _with_final_labels(classifier, images)
    n_classes = len(classifier.classes_)
    known = np.flatnonzero(labels != UNLABELLED)
    doubt = np.full(len(labels), np.nan)
    instead = np.full(len(labels), UNLABELLED)
    probability = np.full(len(labels), np.nan)
    with stage("doubt", images=len(known)):
        found = np.full((len(labels), n_classes), np.nan, np.float32)
        found[known] = probabilities_out_of_fold(
            embeddings[known], labels[known], n_classes=n_classes, seed=0
        )
    doubt[known] = doubt_of(found[known], labels[known])
    given = classifier.labeled_iter_ == 0
    doubted = np.flatnonzero(~np.isnan(doubt))
    instead[doubted] = _likeliest_other(found[doubted], labels[doubted])
    calibration = _calibration(classifier, found, held_out)
    if calibration is not None:
        predicted = doubted[~given[doubted]]
        probability[predicted] = calibration.probabilities(1 - doubt[predicted])
    unlike = np.where(given, np.nan, unlike_labelled(embeddings, np.flatnonzero(given)))
    return ImageLabels(
        labels, given, classifier.labeled_iter_, nearest, doubt, instead, probability, unlike
    )


def doubting_embeddings(
    classifier: SelfLearningClassifier,
    images: np.ndarray,
    tell: Callable[[str, int, int], None],
) -> tuple[np.ndarray, bool]:
    """Embed all images by the initial weights, or by the trained network if these are random.

    Parameters
    ----------
    classifier : SelfLearningClassifier
        Fitted.
    images : (n, height, width, channels) uint8
    tell : callable
        See `features_once`.

    Returns
    -------
    embeddings : (n, d) float32
    is_frozen : bool
        Whether they are by the initial weights, which saw no label.
    """
    parameters, n_classes = classifier.get_params(deep=False), len(classifier.classes_)
    frozen = frozen_embeddings(parameters, images, n_classes=n_classes, tell=tell)
    if frozen is not None:
        return frozen, True
    return embed(classifier.network_, images, np.arange(len(images))), False


def frozen_accuracy(classifier: SelfLearningClassifier, embeddings: np.ndarray) -> float | None:
    """Measure a linear classifier on frozen embeddings (n, d), learned from given labels alone.

    Returns
    -------
    float or None
        Per cent of the given labels that it finds, each without having seen it. None if no class
        has two.
    """
    given = np.flatnonzero(classifier.labeled_iter_ == 0)
    labels = encode(classifier.transduction_[given], classifier.classes_)
    found = probabilities_out_of_fold(
        embeddings[given], labels, n_classes=len(classifier.classes_), seed=0
    )
    known = ~np.isnan(found).any(axis=1)
    if not known.any():
        return None
    return 100 * float(np.mean(found[known].argmax(axis=1) == labels[known]))


def _with_final_labels(
    classifier: SelfLearningClassifier, images: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The labels (n,) and the nearest images (n,), also of images without a pseudo-label."""
    labelled_in = classifier.labeled_iter_
    has_label = labelled_in != UNLABELLED
    labels = np.full(len(labelled_in), UNLABELLED)
    labels[has_label] = encode(classifier.transduction_[has_label], classifier.classes_)
    nearest = classifier.matched_.copy()
    rest = np.flatnonzero(~has_label)
    if len(rest):
        found = classifier.labeller_.label(embed(classifier.network_, images, rest))
        least = classifier.fitted_parameters_["min_confidence"]
        sure = found.confidence >= (-np.inf if least is None else least)
        labels[rest] = np.where(sure, found.labels, UNLABELLED)
        compared = (labels[rest] != UNLABELLED) & (found.nearest >= 0)
        nearest[rest[compared]] = classifier.reference_[found.nearest[compared]]
    return labels, nearest


def _likeliest_other(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    others = probabilities.copy()
    others[np.arange(len(labels)), labels] = -1
    return others.argmax(axis=1)


def _calibration(
    classifier: SelfLearningClassifier, found: np.ndarray, held_out: Sequence[HeldOut]
) -> Calibration | None:
    """What the folds say of labels of this doubt: how many of them are right."""
    confidence, right = [], []
    for fold in held_out:
        measured = measured_in(classifier, fold)
        if measured is not None:
            index, labels = np.array(fold.index), np.array(measured.labels)
            usable = (labels != UNLABELLED) & ~np.isnan(found[index]).any(axis=1)
            confidence.append(found[index, labels][usable])
            right.append((labels == true_labels(classifier, fold))[usable])
    if not sum(map(len, right)):
        return None
    return Calibration.fit(np.concatenate(confidence), np.concatenate(right), PROBABILITY)
