from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_selflearn.labelling.acceptance import Acceptance, accept


def test_as_many_are_accepted_as_keep_the_accuracy():
    probabilities = np.array([0.5, 1.0, 0.9, 0.8])
    assert accept(probabilities, 0.95) == Acceptance(0.9, 2, pytest.approx(0.95))
    assert accept(probabilities, 0.89) == Acceptance(0.8, 3, pytest.approx(0.9))
    assert accept(probabilities, 0.5) == Acceptance(0.5, 4, pytest.approx(0.8))


def test_labels_of_one_probability_are_accepted_together():
    assert accept(np.array([0.9, 0.5, 0.5]), 0.65) is not None
    assert accept(np.array([0.9, 0.5, 0.5]), 0.65).number == 1


@pytest.mark.parametrize("probabilities", [[], [0.5, 0.9]])
def test_none_may_be_sure_enough(probabilities):
    assert accept(np.array(probabilities), 0.95) is None


@given(st.lists(st.sampled_from([0.0, 0.2, 0.5, 0.75, 1.0]), max_size=9), st.floats(0.01, 1))
def test_no_larger_threshold_set_would_do(probabilities, accuracy):
    """By trying each probability as the least one."""
    values = np.array(probabilities)
    sets = [values[values >= least] for least in np.unique(values)]
    possible = [len(each) for each in sets if each.mean() >= accuracy]
    found = accept(values, accuracy)
    assert (found.number if found else 0) == max(possible, default=0)
