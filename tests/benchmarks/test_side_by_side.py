from __future__ import annotations

import pytest

from benchmarks import side_by_side
from benchmarks.side_by_side import seconds, speedups


@pytest.fixture
def clock(monkeypatch):
    """What the module takes for the time, in a list of one."""
    now = [0.0]
    monkeypatch.setattr(side_by_side.time, "perf_counter", lambda: now[0])
    return now


def work(clock, name, takes, order):
    """Takes the next of these seconds with each call."""
    takes = iter(takes)

    def run():
        order.append(name)
        clock[0] += next(takes)

    return run


def test_seconds_are_those_of_the_work(clock):
    assert seconds(work(clock, "a", [3.0], [])) == 3.0


def test_ratios_leave_out_the_first_time_and_take_turns(clock):
    order = []
    ours = work(clock, "ours", [100, 2, 4, 5], order)
    reference = work(clock, "reference", [1, 8, 4, 10], order)
    assert speedups(ours, reference, 3) == (4.0, 1.0, 2.0)
    first, second = ["ours", "reference"], ["reference", "ours"]
    assert order == first + first + second + first
