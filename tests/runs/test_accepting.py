from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from keras_selflearn.runs.accepting import acceptance_line, accepted
from keras_selflearn.runs.image_labels import ImageLabels

NAN = np.nan
FOUND = ImageLabels(
    labels=np.array([0, 1, 0, 1, 1, -1]),
    given=np.array([True, False, False, False, False, False]),
    meta_iteration=np.array([0, 1, 2, -1, 1, -1]),
    nearest=np.array([-1, 0, 0, 0, 0, -1]),
    doubt=np.array([0.1, 0.2, 0.4, 0.5, 0.6, NAN]),
    instead=np.array([1, 0, 1, 0, 0, -1]),
    probability=np.array([NAN, 0.99, 0.9, 0.5, NAN, NAN]),
    unlike=np.array([NAN, 0.1, 0.2, 0.3, 0.4, 0.5]),
)


def test_as_many_labels_as_are_right_at_this_rate_are_kept():
    # (0.99 + 0.9) / 2 = 0.945, and with the third label 0.797
    found = accepted(FOUND, 0.94)
    assert found.labels.tolist() == [0, 1, 0, -1, -1, -1]
    assert found.meta_iteration.tolist() == [0, 1, 2, -1, -1, -1]
    # What is not labelled has its label as the likeliest one.
    assert found.instead.tolist() == [1, 0, 1, 1, 1, -1]
    for name in {each.name for each in fields(FOUND)} - {"labels", "meta_iteration", "instead"}:
        np.testing.assert_array_equal(getattr(found, name), getattr(FOUND, name))


@pytest.mark.parametrize(
    ("accuracy", "line"),
    [
        (0.94, "2 predicted labels are about 94.5 % right; the other 3 stay blank in labels.csv"),
        (0.995, "No predicted label is sure enough: the other 5 stay blank in labels.csv"),
    ],
)
def test_it_is_said_how_many_are_kept(accuracy, line):
    found = accepted(FOUND, accuracy)
    assert acceptance_line(found, accuracy) == f"{line} (--accuracy={accuracy})."


def test_given_labels_stay_whatever_is_asked():
    assert accepted(FOUND, 0.9999).labels[0] == 0
