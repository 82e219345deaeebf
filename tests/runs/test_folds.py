from __future__ import annotations

import json
import os
from types import SimpleNamespace

import numpy as np
import pytest

from keras_selflearn.console.errors import InputError
from keras_selflearn.labelling.labeller import Labels
from keras_selflearn.runs.before_and_after import BeforeAndAfter
from keras_selflearn.runs.folder import RunFolder
from keras_selflearn.runs.folds import cross_validate
from keras_selflearn.runs.plan import Part, Plan
from keras_selflearn.runs.progress import make_progress

IMAGES = np.zeros((20, 32, 32, 3), np.uint8)
LABELS = np.array(["a", "b", "-1", "-1"] * 5)
LABELLED = np.flatnonzero(LABELS != "-1")


def labels_of(predictions):
    return Labels(predictions, predictions / 10, np.full(len(predictions), -1))


class Stub:
    """Its accuracy is the sum of what is held out, one more in each meta-iteration."""

    meta_iterations = 1

    def __init__(self, fits, fail_at=None):
        self.fits = fits
        self.fail_at = fail_at

    def fit(self, images, labels, *, held_out, callbacks, checkpoints):
        assert images is IMAGES and labels is LABELS
        if len(self.fits) == self.fail_at:
            raise InputError("The disk is full.")
        checkpoints.folder.mkdir(parents=True)
        self.fits.append(held_out.tolist())
        accuracy = float(held_out.sum())
        self.observe(callbacks, labels[held_out])
        self.history_ = [{"test_accuracy": accuracy}, {"test_accuracy": accuracy + 1}]

    def observe(self, callbacks, truth):
        """The first held-out image is right first; then all are."""
        numbers = np.searchsorted(np.unique(LABELS[LABELLED]), truth)
        first = numbers + 1
        first[0] = numbers[0]
        for number, predictions in enumerate((first, numbers)):
            learner = SimpleNamespace(test_predictions=labels_of(predictions))
            record = SimpleNamespace(meta_iteration=number, test_accuracy=0.0)
            for each in callbacks:
                if isinstance(each, BeforeAndAfter):
                    each.on_meta_iteration_end(record, learner)


# Three folds, and the run itself.
PLAN = Plan(0, 0.0, 4 * ((Part(0.0, 1, 1.0, 0.0),),))


@pytest.fixture
def folder(tmp_path):
    return RunFolder(tmp_path)


def run(folder, fits, fail_at=None, kind=Stub):
    return cross_validate(
        lambda: kind(fits, fail_at),
        IMAGES,
        LABELS,
        LABELLED,
        number=3,
        seed=0,
        folder=folder,
        checkpoint_minutes=5.0,
        progress=make_progress("run", PLAN),
    )


def test_each_labelled_image_is_held_out_of_one_fold(folder):
    fits = []
    found, verdict, held_out = run(folder, fits)
    assert [each.index for each in held_out] == fits
    for each in held_out:
        right = np.searchsorted(np.unique(LABELS[LABELLED]), LABELS[each.index])
        assert each.after.labels == right.tolist()
        assert each.after.confidence == (right / 10).tolist()
        assert each.before.labels[1:] == (right[1:] + 1).tolist()
    assert sorted(sum(fits, [])) == LABELLED.tolist() and len(fits) == 3
    sums = [sum(each) for each in fits]
    assert found.folds == 3
    n = len(LABELLED)
    assert (verdict.images, verdict.before, verdict.after) == (n, 100 * 3 / n, 100)
    assert verdict.gain == pytest.approx(100 * (n - 3) / n)
    assert found.accuracy == pytest.approx((np.mean(sums), np.mean(sums) + 1))
    assert found.spread == pytest.approx((np.std(sums), np.std(sums)))


def test_what_is_done_is_not_done_again(folder):
    fits = []
    with pytest.raises(InputError, match="disk is full"):
        run(folder, fits, fail_at=2)
    assert len(fits) == 2
    found = run(folder, fits)
    assert len(fits) == 3
    again = run(folder, fits)
    assert again[1] is not None
    assert len(fits) == 3 and found == again
    assert sorted(path.name for path in folder.folds.iterdir()) == ["1.json", "2.json", "3.json"]


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"accuracy": []}', '{"accuracy": [null]}', '{"accuracy": ["a"]}',
     '{"accuracy": [NaN]}'],
)  # fmt: skip
def test_a_damaged_fold_is_an_error(folder, content):
    folder.folds.mkdir()
    (folder.folds / "1.json").write_text(content)
    with pytest.raises(InputError, match="1.json is damaged"):
        run(folder, [])


def test_a_fold_that_ended_early_counts_as_it_ended(folder):
    folder.folds.mkdir()
    for fold, curve in enumerate(([10.0], [20.0, 30.0], [30.0, 50.0]), 1):
        (folder.folds / f"{fold}.json").write_text(json.dumps({"accuracy": curve}))
    found, verdict, held_out = run(folder, SimpleNamespace())
    assert held_out == []
    assert found.accuracy == (20.0, 30.0)
    assert verdict is None  # these folds say nothing of single images


@pytest.mark.parametrize("measured", [[0], [0, 1]])
def test_a_fold_that_was_stopped_in_between_still_compares_before_and_after(folder, measured):
    fits, left = [], [measured, [1] if measured == [0] else []]

    class Interrupted(Stub):
        def observe(self, callbacks, truth):
            numbers = left.pop(0) if left else [0, 1]
            (kept,) = (each for each in callbacks if isinstance(each, BeforeAndAfter))
            right = np.searchsorted(np.unique(LABELS[LABELLED]), truth)
            for number in numbers:
                learner = SimpleNamespace(test_predictions=labels_of(right + 1 - number))
                record = SimpleNamespace(meta_iteration=number, test_accuracy=0.0)
                kept.on_meta_iteration_end(record, learner)
            if len(left) == 1:
                raise KeyboardInterrupt

        def fit(self, images, labels, **named):
            named["checkpoints"].remove()
            super().fit(images, labels, **named)

    with pytest.raises(KeyboardInterrupt):
        run(folder, fits, kind=Interrupted)
    _, verdict, _ = run(folder, fits, kind=Interrupted)
    assert (verdict.before, verdict.after, verdict.images) == (0, 100, len(LABELLED))
    assert sorted(path.name for path in folder.folds.iterdir()) == ["1.json", "2.json", "3.json"]
    assert os.listdir(folder.path) == ["folds"]
