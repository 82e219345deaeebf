"""From a confidence to the probability that the label is right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, log_expit, logit

from keras_selflearn.labelling.labeller import PROBABILITY

# A probability of 0 or 1 has no finite logit.
_LEAST = 1e-6


@dataclass(frozen=True)
class Calibration:
    """A monotone map from confidences to probabilities (Platt 1999, Probabilistic outputs).

    The probability is 1 / (1 + exp(-slope * x - intercept)). For a confidence that is a
    probability, x is its logit: a slope of 1 and an intercept of 0 then change nothing, and another
    slope is a temperature. For minus a distance, x is the confidence itself.

    Attributes
    ----------
    slope : float
        At least 0.
    intercept : float
    unit : str
        The labeller's `confidence_unit`.
    """

    slope: float
    intercept: float
    unit: str

    @classmethod
    def fit(cls, confidence: np.ndarray, right: np.ndarray, unit: str) -> Calibration:
        """Fit the map to labels of which it is known whether they are right.

        Parameters
        ----------
        confidence : (n,) floats
            Of labels that a classifier gave to images it had not seen; at least one.
        right : (n,) bool
        unit : str
        """
        x = _x(np.asarray(confidence, np.float64), unit)
        centre, scale = x.mean(), max(x.std(), _LEAST)
        n_right, n_wrong = int(np.sum(right)), int(np.sum(~np.asarray(right)))
        # Without Platt's targets, labels that are all right would have the probability 1.
        target = np.where(right, (n_right + 1) / (n_right + 2), 1 / (n_wrong + 2))
        z = (x - centre) / scale

        def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
            slope, intercept = parameters
            values = slope * z + intercept
            error = expit(values) - target
            likelihood = target * log_expit(values) + (1 - target) * log_expit(-values)
            return -likelihood.sum(), np.array([error @ z, error.sum()])

        start = np.array([1.0, 0.0])
        # A surer label must not count as less probable.
        found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(0, None), (None, None)])
        slope = float(found.x[0]) / scale
        return cls(slope, float(found.x[1]) - slope * centre, unit)

    def probabilities(self, confidence: np.ndarray) -> np.ndarray:
        """Give the probability (n,) float64 that labels of these confidences (n,) are right."""
        return expit(
            self.slope * _x(np.asarray(confidence, np.float64), self.unit) + self.intercept
        )


def with_calibrated(
    probabilities: np.ndarray, labels: np.ndarray, calibrated: np.ndarray
) -> np.ndarray:
    """Give each label its calibrated probability; the other classes share the rest as before.

    Parameters
    ----------
    probabilities : (n, n_classes) floats
    labels : (n,) integers
    calibrated : (n,) floats

    Returns
    -------
    (n, n_classes) float32
    """
    rows = np.arange(len(labels))
    others = probabilities.astype(np.float64)
    others[rows, labels] = 0
    # Where the others have nothing, they share equally.
    empty = others.sum(axis=1) <= 0
    others[empty] = 1
    others[rows, labels] = 0
    others *= ((1 - calibrated) / others.sum(axis=1))[:, None]
    others[rows, labels] = calibrated
    return others.astype(np.float32)


def _x(confidence: np.ndarray, unit: str) -> np.ndarray:
    return logit(np.clip(confidence, _LEAST, 1 - _LEAST)) if unit == PROBABILITY else confidence
