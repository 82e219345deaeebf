from __future__ import annotations

import pytest

from keras_selflearn.console import profiling
from keras_selflearn.console.profiling import profiled, stage


@pytest.fixture
def clock(monkeypatch):
    """Moves only when told to."""
    now = [100.0]
    monkeypatch.setattr(profiling.time, "perf_counter", lambda: now[0])

    def wait(seconds):
        now[0] += seconds

    return wait


def test_each_second_is_counted_once_in_the_innermost_stage(monkeypatch, clock):
    with profiled() as profile:
        clock(1)
        with stage("train", images=10):
            clock(2)
            with stage("write"):
                clock(4)
            clock(8)
        with stage("train", images=5):
            clock(16)
        profile.next_lap()
        with stage("label"):
            clock(32)
            profile.next_lap()
            clock(64)
    first, second, end = profile.laps
    assert {name: each.seconds for name, each in first.items()} == {
        "other": 1,
        "train": 26,
        "write": 4,
    }
    assert first["train"].images == 15
    assert second["label"].seconds == 32 and end["label"].seconds == 64


def test_table_has_means_and_shares_of_the_meta_iterations(clock):
    with profiled() as profile:
        with stage("train", images=100):
            clock(10)
        for seconds in (6, 12):
            profile.next_lap()
            with stage("train", images=90):
                clock(seconds)
            with stage("label", images=50):
                clock(1)
        profile.next_lap()
        with stage("write"):
            clock(3)
        lines = [line.split() for line in profile.table().splitlines()]
    assert lines[0] == "stage start (s) meta-iteration (s) share images/s end (s)".split()
    assert ["train", "10.0", "9.00", "90.0%", "10", "0.0"] in lines
    assert ["label", "0.0", "1.00", "10.0%", "50", "0.0"] in lines
    assert ["write", "0.0", "0.00", "0.0%", "3.0"] in lines
    assert lines[-1] == ["all", "10.0", "10.00", "100.0%", "3.0"]


def test_a_run_without_meta_iterations_has_a_table(clock):
    with profiled() as profile:
        clock(2)
        profile.next_lap()
        clock(1)
        table = profile.table()
    assert table.splitlines()[-1].split() == ["all", "2.0", "1.0"]


def test_nothing_is_counted_unless_asked(clock):
    with stage("train"):
        clock(1)
    with profiled() as profile:
        pass
    with stage("train"):
        clock(1)
    assert "train" not in profile.laps[0]


def test_a_stage_that_fails_is_closed(clock):
    with profiled() as profile:
        with pytest.raises(ZeroDivisionError), stage("train"):
            clock(1)
            raise ZeroDivisionError
        clock(2)
        profile.next_lap()
    assert profile.laps[0]["train"].seconds == 1 and profile.laps[0]["other"].seconds == 2
