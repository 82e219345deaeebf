"""Tests of what is said of a run in words."""

from __future__ import annotations

import pytest
from run_contents import BARE_RECORD

from keras_selflearn.runs.page.summary import not_reached, verdict
from keras_selflearn.runs.record import MetaIteration, RunRecord, VerdictRecord, convert

GRAPH = {"labelling": "graph", "selection_percent": 100.0, "meta_iterations": 1, "train": "head"}


def run(remaining=0, found=None, **flags):
    record = convert({**BARE_RECORD, "config": {"regime": "self-learning", **flags}}, RunRecord)
    record.history = [
        MetaIteration(meta_iteration=0, labelled=4, selected=0, remaining=9),
        MetaIteration(meta_iteration=1, labelled=4, selected=9 - remaining, remaining=remaining),
    ]
    record.verdict = found
    return record


def test_images_that_no_label_reaches_are_counted():
    assert "2 images have no pseudo-label" in not_reached(run(2, **GRAPH))


@pytest.mark.parametrize(
    ("remaining", "changes"),
    [
        (0, {}),
        (2, {"labelling": "softmax"}),
        (2, {"selection_percent": 50.0}),
        (2, {"min_confidence": 0.5}),
    ],
)
def test_nothing_is_said_where_other_reasons_leave_images_out(remaining, changes):
    assert not_reached(run(remaining, **{**GRAPH, **changes})) is None


def test_the_verdict_is_said_or_why_there_is_none():
    found = VerdictRecord(images=50, before=78.0, after=84.0, gain=6.0, half_width=8.7)
    said = verdict(run(found=found, **GRAPH))
    assert said == "Self-learning: 78 -> 84 % (folds, +6 ± 9)."
    assert "a class has one labelled image" in verdict(run(**GRAPH))
    assert verdict(run(**{**GRAPH, "train": "all"})) is None
    assert verdict(run(**GRAPH, folds=0)) is None
    assert verdict(run(**{**GRAPH, "regime": "n-labelled"})) is None
