"""What the folds of a run say of the labels that its classifier gives."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from keras_selflearn.estimator.classifier import SelfLearningClassifier
from keras_selflearn.estimator.label_codes import encode
from keras_selflearn.labelling.calibration import Calibration
from keras_selflearn.runs.record import HeldOut, Measured
from keras_selflearn.selflearning.examples import UNLABELLED


def calibrate_by_folds(classifier: SelfLearningClassifier, held_out: Sequence[HeldOut]) -> None:
    """Let a fitted classifier know how probable its labels are; nothing changes without folds."""
    confidence, right = [], []
    for fold in held_out:
        measured = measured_in(classifier, fold)
        if measured is not None:
            labels = np.array(measured.labels)
            known = labels != UNLABELLED
            confidence.append(np.array(measured.confidence)[known])
            right.append((labels == true_labels(classifier, fold))[known])
    if sum(map(len, right)):
        classifier.set_calibration(
            Calibration.fit(
                np.concatenate(confidence),
                np.concatenate(right),
                classifier.labeller_.confidence_unit,
            )
        )


def measured_in(classifier: SelfLearningClassifier, fold: HeldOut) -> Measured | None:
    """What a fold measured before self-learning, if the classifier is of then, or after it."""
    return fold.after if classifier.n_iter_ else fold.before


def true_labels(classifier: SelfLearningClassifier, fold: HeldOut) -> np.ndarray:
    """The given labels (k,) of the images that a fold holds out, as positions of classes."""
    return encode(classifier.transduction_[np.array(fold.index)], classifier.classes_)
