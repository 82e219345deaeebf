"""Tests of what is said of a run in words."""

from __future__ import annotations

import pytest
from run_contents import BARE_RECORD

from keras_selflearn.runs.page.summary import not_reached, verdicts
from keras_selflearn.runs.record import MetaIteration, RunRecord, VerdictRecord, convert

GRAPH = {"labelling": "graph", "selection_percent": 100.0, "meta_iterations": 1, "train": "head"}


def run(remaining=0, found=None, on_test_images=None, labelled_per_class=None, **flags):
    record = convert({**BARE_RECORD, "config": {"regime": "self-learning", **flags}}, RunRecord)
    record.history = [
        MetaIteration(meta_iteration=0, labelled=4, selected=0, remaining=9),
        MetaIteration(meta_iteration=1, labelled=4, selected=9 - remaining, remaining=remaining),
    ]
    record.data.labelled_per_class = labelled_per_class
    record.verdict = found
    record.test_verdict = on_test_images
    return record


def test_images_that_no_label_reaches_are_counted():
    assert "2 images have no pseudo-label" in not_reached(run(2, **GRAPH))


@pytest.mark.parametrize(
    ("remaining", "changes"),
    [
        (0, {}),
        (2, {"labelling": "softmax"}),
        (2, {"selection_percent": 50.0}),
        (2, {"selection_percent": "50,100"}),
        (2, {"min_confidence": 0.5}),
    ],
)
def test_nothing_is_said_where_other_reasons_leave_images_out(remaining, changes):
    assert not_reached(run(remaining, **{**GRAPH, **changes})) is None


def test_the_verdict_is_said_or_why_there_is_none():
    found = VerdictRecord(images=50, before=78.0, after=84.0, gain=6.0, half_width=8.7)
    assert verdicts(run(found=found, **GRAPH)) == ["Self-learning: 78 -> 84 % (folds, +6 ± 9)."]
    (said,) = verdicts(run(labelled_per_class={"a": 1, "b": 2}, **GRAPH))
    assert "a class has one labelled image" in said
    assert verdicts(run(labelled_per_class={"a": 2, "b": 2}, **GRAPH)) == []
    assert verdicts(run(**{**GRAPH, "train": "all"})) == []
    assert verdicts(run(**GRAPH, folds=0)) == []
    assert verdicts(run(**{**GRAPH, "regime": "n-labelled"})) == []


def test_test_images_have_a_verdict_of_their_own():
    folds = VerdictRecord(images=50, before=78.0, after=84.0, gain=6.0, half_width=8.7)
    of_test = VerdictRecord(images=500, before=80.0, after=85.0, gain=5.0, half_width=2.4)
    assert verdicts(run(found=folds, on_test_images=of_test, **GRAPH)) == [
        "Self-learning: 80 -> 85 % (test images, +5 ± 2).",
        "Self-learning: 78 -> 84 % (folds, +6 ± 9).",
    ]
    (said,) = verdicts(run(on_test_images=of_test, **{**GRAPH, "train": "all"}))
    assert "(test images, " in said
