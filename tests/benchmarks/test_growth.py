from __future__ import annotations

from dataclasses import fields, replace

import pytest

from benchmarks import growth
from benchmarks.growth import SIZES, Settings, main, table
from benchmarks.growth_row import BATCH_SIZE, Size, measure
from benchmarks.peak_memory import can_measure
from keras_selflearn.console.errors import InputError

linux_only = pytest.mark.skipif(not can_measure(), reason="memory is measured on Linux only")
SMALL = {"images": 200, "labels": 100, "backbone": "tiny"}


@pytest.mark.slow
@linux_only
@pytest.mark.parametrize("loss", ["triplet", "cross-entropy"])
def test_a_row_has_seconds_and_the_memory_of_the_images_at_least(loss):
    row = measure(Size(**SMALL, loss=loss))
    assert min(row.step, row.embedding, row.labelling) > 0
    assert row.peak > 300 * 32 * 32 * 3


@pytest.mark.slow
@linux_only
def test_a_table_has_a_row_for_each_size(monkeypatch):
    def in_this_process(function, size, *, tensorflow):
        assert tensorflow
        return function(size)

    monkeypatch.setattr(growth, "in_own_process", in_this_process)
    title, rule, row = table([SMALL])
    assert title.count("|") == rule.count("|") == row.count("|")
    assert row.startswith("| 200 | 100 | 10 | 32x32 | triplet | ")


@pytest.mark.parametrize("by", SIZES)
def test_in_each_table_one_thing_grows_by_whole_batches(by):
    assert by in {field.name for field in fields(Size)}
    sizes = [Size(**changes) for changes in SIZES[by]]
    grown = [getattr(size, by) for size in sizes]
    assert grown == sorted(set(grown))
    assert len({replace(size, **{by: 0}) for size in sizes}) == 1
    assert all(size.labels % BATCH_SIZE == 0 and size.labels >= size.classes for size in sizes)


def test_an_unknown_growth_is_refused():
    with pytest.raises(InputError, match="Unknown growth 'imges': did you mean 'images'"):
        main(Settings(by="imges"))


def test_without_linux_nothing_is_measured(monkeypatch):
    monkeypatch.setattr(growth, "can_measure", lambda: False)
    with pytest.raises(InputError, match="Linux"):
        main(Settings())
