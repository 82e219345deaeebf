"""Tests of the labels before and after self-learning, which are compared at the end of a run."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from keras_selflearn.console.errors import InputError
from keras_selflearn.labelling.labeller import Labels
from keras_selflearn.runs.before_and_after import BeforeAndAfter
from keras_selflearn.selflearning.verdict import Changes

TRUTH = np.array([0, 1, 2, -2])


def measure(subject, number, predictions, accuracy=50.0):
    record = SimpleNamespace(meta_iteration=number, test_accuracy=accuracy)
    found = None
    if predictions is not None:
        n = len(predictions)
        found = Labels(np.array(predictions), np.full(n, 0.5), np.full(n, -1))
    subject.on_meta_iteration_end(record, SimpleNamespace(test_predictions=found))


def test_first_and_last_are_compared_by_any_process(tmp_path):
    path = tmp_path / ".labels-fold-1.json"
    measure(BeforeAndAfter(path), 0, [0, 1, 1, 1])
    measure(BeforeAndAfter(path), 1, [2, 2, 2, 2])
    measure(BeforeAndAfter(path), 2, None, accuracy=None)  # not measured
    measure(BeforeAndAfter(path), 3, [0, 0, 2, 2])
    subject = BeforeAndAfter(path)
    assert subject.changes(TRUTH) == Changes(4, right_before=2, gained=1, lost=1)
    measured = subject.measured(4)
    assert measured["before"].labels == [0, 1, 1, 1] and measured["after"].labels == [0, 0, 2, 2]
    assert measured["after"].confidence == [0.5] * 4
    assert subject.measured(5) == {}
    subject.forget()
    subject.forget()
    assert not path.exists()


def test_a_run_that_begins_anew_forgets_what_an_earlier_one_measured(tmp_path):
    subject = BeforeAndAfter(tmp_path / "labels.json")
    measure(subject, 0, [0, 1, 2, 0])
    measure(subject, 1, [0, 1, 2, 0])
    measure(subject, 0, [1, 1, 1, 1])
    assert subject.changes(TRUTH) is None


@pytest.mark.parametrize("content", ["", "[]", '{"before": [0], "after": [0]}', "{}"])
def test_what_can_t_be_compared_is_no_verdict(content, tmp_path):
    path = tmp_path / "labels.json"
    path.write_text(content)
    assert BeforeAndAfter(path).changes(TRUTH) is None


def test_a_folder_that_was_removed_is_said(tmp_path):
    with pytest.raises(InputError, match="not there, or not any more"):
        measure(BeforeAndAfter(tmp_path / "run" / "labels.json"), 0, [0, 1, 2, 0])
    assert not (tmp_path / "run").exists()
