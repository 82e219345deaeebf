from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from keras_selflearn.labelling.calibration import Calibration, with_calibrated
from keras_selflearn.labelling.labeller import MINUS_DISTANCE, PROBABILITY

CHANCE = np.random.default_rng(0)


def drawn(n, slope, intercept):
    """Confidences as probabilities, and which labels are right."""
    confidence = CHANCE.uniform(0.3, 0.999, n)
    return confidence, CHANCE.random(n) < expit(slope * logit(confidence) + intercept)


@pytest.mark.parametrize(("slope", "intercept"), [(1, 0), (0.4, -0.5), (2, 1)])
def test_the_map_is_found_again(slope, intercept):
    found = Calibration.fit(*drawn(40_000, slope, intercept), PROBABILITY)
    assert found.slope == pytest.approx(slope, abs=0.06)
    assert found.intercept == pytest.approx(intercept, abs=0.06)


def test_it_is_a_logistic_regression_by_platt_s_targets():
    confidence, right = -CHANCE.uniform(0, 2, 60), CHANCE.random(60) < 0.7
    n_right, n_wrong = right.sum(), 60 - right.sum()
    targets = np.where(right, (n_right + 1) / (n_right + 2), 1 / (n_wrong + 2))
    # A target between 0 and 1 is a label of each kind, with these weights.
    rows, labels = np.tile(confidence, 2)[:, None], np.repeat([1, 0], 60)
    model = LogisticRegression(C=1e9, tol=1e-10, max_iter=10_000)
    model.fit(rows, labels, sample_weight=np.concatenate([targets, 1 - targets]))
    found = Calibration.fit(confidence, right, MINUS_DISTANCE)
    if model.coef_[0, 0] > 0:
        assert found.slope == pytest.approx(model.coef_[0, 0], rel=1e-3)
        assert found.intercept == pytest.approx(model.intercept_[0], rel=1e-3)
    np.testing.assert_allclose(
        found.probabilities(confidence), expit(found.slope * confidence + found.intercept)
    )


@pytest.mark.parametrize("unit", [PROBABILITY, MINUS_DISTANCE])
def test_a_surer_label_is_never_less_probable(unit):
    confidence = CHANCE.uniform(0, 1, 50) - (unit == MINUS_DISTANCE)
    found = Calibration.fit(confidence, confidence < np.median(confidence), unit)
    probabilities = found.probabilities(np.sort(confidence))
    assert (np.diff(probabilities) >= 0).all()
    assert probabilities.mean() == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("right", [True, False])
def test_labels_that_are_all_right_or_wrong_are_not_certain(right):
    found = Calibration.fit(np.full(10, 0.9), np.full(10, right), PROBABILITY)
    # Laplace's rule of succession.
    assert found.probabilities([0.9])[0] == pytest.approx(11 / 12 if right else 1 / 12, abs=1e-3)


def test_certain_confidences_are_finite():
    found = Calibration.fit(np.array([1.0, 1.0, 0.0]), np.array([True, False, True]), PROBABILITY)
    assert np.isfinite(found.probabilities([0.0, 1.0])).all()


def test_the_other_classes_share_the_rest_as_before():
    before = np.array([[0.6, 0.3, 0.1], [0.0, 1.0, 0.0], [0.5, 0.25, 0.25]])
    found = with_calibrated(before, np.array([0, 1, 2]), np.array([0.8, 0.9, 0.7]))
    expected = [[0.8, 0.15, 0.05], [0.05, 0.9, 0.05], [0.2, 0.1, 0.7]]
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert found.dtype == np.float32
