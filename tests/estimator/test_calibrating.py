"""A classifier that knows how probable its labels are."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.special import expit, logit

from keras_selflearn import SelfLearningClassifier
from keras_selflearn.console.errors import InputError

pytestmark = pytest.mark.slow

OPTIONS = {"backbone": "tiny", "weights": "random", "epochs": 8, "meta_iterations": 0}
OPTIONS.update(learning_rate=1e-2, precision="float32", random_state=0)


@pytest.fixture(scope="module", params=["cross-entropy", "triplet"])
def fitted(request, digits):
    classifier = SelfLearningClassifier(loss=request.param, **OPTIONS)
    classifier.fit(digits.images[:60], digits.labels[:60])
    return classifier.calibrate(digits.images[60:], digits.labels[60:])


def test_the_mean_probability_is_the_accuracy(fitted, digits):
    probabilities = fitted.predict_proba(digits.images[60:], calibrated=True)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    predicted = np.searchsorted(fitted.classes_, fitted.predict(digits.images[60:]))
    right = probabilities[np.arange(len(predicted)), predicted]
    accuracy = fitted.score(digits.images[60:], digits.labels[60:])
    assert right.mean() == pytest.approx(accuracy, abs=0.02)
    found = fitted.calibration_
    assert found.slope >= 0
    if fitted.loss == "cross-entropy":
        sure = fitted.predict_proba(digits.images[60:]).max(axis=1).astype(float)
        expected = expit(found.slope * logit(np.clip(sure, 1e-6, 1 - 1e-6)) + found.intercept)
        np.testing.assert_allclose(right, expected, atol=1e-3)


def test_it_is_saved(fitted, digits, tmp_path):
    fitted.save(tmp_path / "saved")
    loaded = SelfLearningClassifier.load(tmp_path / "saved")
    assert loaded.calibration_ == fitted.calibration_


def test_without_a_measurement_there_are_no_such_probabilities(digits):
    classifier = SelfLearningClassifier(**OPTIONS).fit(digits.images[:40], digits.labels[:40])
    assert classifier.calibration_ is None
    with pytest.raises(InputError, match=r"not calibrated: call calibrate\(X, y\)"):
        classifier.predict_proba(digits.images[:2], calibrated=True)


@pytest.mark.parametrize(
    "changes", [{"slope": -1}, {"intercept": 1e999}, {"unit": "percent"}, {"slope": "1"}, None]
)
def test_a_damaged_calibration_is_refused(fitted, tmp_path, changes):
    fitted.save(tmp_path / "saved")
    path = tmp_path / "saved" / "classifier.json"
    settings = json.loads(path.read_text())
    settings["calibration"] = {**settings["calibration"], **changes} if changes else {}
    path.write_text(json.dumps(settings))
    with pytest.raises(InputError, match="is damaged"):
        SelfLearningClassifier.load(tmp_path / "saved")
