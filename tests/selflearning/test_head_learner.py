"""A head on features is a learner, too: without Keras, and with the same checkpoints."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from keras_selflearn.estimator.resuming import Resuming
from keras_selflearn.selflearning.examples import UNLABELLED, Examples
from keras_selflearn.selflearning.learner import LearnerState
from keras_selflearn.selflearning.loop import self_learning
from keras_selflearn.selflearning.selection import select
from keras_selflearn.selflearning.state import RunState
from keras_selflearn.storage.checkpoint import Checkpoints

TRUTH = np.arange(60) % 3
FEATURES = np.random.default_rng(0).normal(size=(60, 4)) + 3 * np.eye(3, 4)[TRUTH]
GIVEN = np.where(np.arange(60) < 9, TRUTH, UNLABELLED)
OPTIONS = {"meta_iterations": 3, "select": functools.partial(select, percent=40)}
IDENTITY = {"order": "label-first", "meta_iterations": 3}


class Head:
    """Logistic regression on features."""

    def __init__(self):
        self.coefficients, self.bias = np.zeros((3, 4)), np.zeros(3)

    def train(self, examples, meta_iteration):
        model = LogisticRegression().fit(
            FEATURES[examples.labelled], examples.labels[examples.labelled]
        )
        self.coefficients, self.bias = model.coef_, model.intercept_
        return 0.0, int(model.n_iter_[0])

    def label(self, indices):
        scores = FEATURES[indices] @ self.coefficients.T + self.bias
        return scores.argmax(axis=1), scores.max(axis=1), np.full(len(indices), -1)

    def test_accuracy(self):
        return 100 * float(np.mean(self.label(np.arange(60))[0] == TRUTH))

    def state(self):
        return LearnerState({}, {"coefficients": self.coefficients, "bias": self.bias})

    def restore(self, state, examples, meta_iteration):
        self.coefficients = state.array("coefficients", (3, 4), np.float64)
        self.bias = state.array("bias", (3,), np.float64)


def test_a_head_learns_from_its_own_labels():
    *_, state = self_learning(RunState(Examples.from_labels(GIVEN)), Head(), **OPTIONS)
    assert [record.labelled for record in state.history] == [9, 29, 41, 48]
    assert np.mean(state.examples.labels == TRUTH) > 0.7


@pytest.mark.parametrize("stop_after", range(1, 12))
def test_a_head_goes_on_from_a_checkpoint_of_any_step(stop_after, tmp_path):
    start = RunState(Examples.from_labels(GIVEN))
    whole = list(self_learning(start, Head(), **OPTIONS))
    checkpoints, learner = Checkpoints(tmp_path), Head()
    resuming = Resuming(checkpoints, IDENTITY)
    steps = self_learning(resuming.begin(learner, start), learner, **OPTIONS)
    for _, state in zip(range(stop_after), steps):
        resuming.follow(state)
    resuming.save()
    learner = Head()
    restored = Resuming(checkpoints, IDENTITY).begin(learner, start)
    assert len(restored.history) == stop_after // 3
    rest = list(self_learning(restored, learner, **OPTIONS))
    assert len(rest) == len(whole) - stop_after
    assert rest[-1].history == whole[-1].history
    for name, array in vars(whole[-1].examples).items():
        np.testing.assert_array_equal(getattr(rest[-1].examples, name), array)
