from __future__ import annotations

import pytest

from keras_selflearn.runs.pace import Pace


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr("keras_selflearn.runs.pace.monotonic", clock)
    return clock


def measured(clock, *epochs):
    """A pace that had these seconds of each step in each epoch, and when it was told."""
    told = []
    pace = Pace(50, lambda: told.append(clock.now))
    for seconds in epochs:
        pace.on_epoch_begin(0)
        for step, each in enumerate(seconds):
            clock.now += each
            pace.on_train_batch_end(step)
    return pace.images_per_second, told


def test_what_lies_between_epochs_and_the_first_step_is_not_measured(clock):
    pace, _ = measured(clock, [100, 2, 2, 2], [1000, 2, 2, 2])
    assert pace == 25


@pytest.mark.parametrize("epochs", [[[1, *[0.5] * 9]], [[10] * 5]])
def test_few_steps_or_seconds_tell_nothing(clock, epochs):
    assert measured(clock, *epochs) == (None, [])


def test_it_is_told_once_after_five_steps_and_five_seconds(clock):
    assert measured(clock, [1, *[0.5] * 30]) == (100, [6])


def test_five_slow_steps_are_enough(clock):
    assert measured(clock, [10] * 5, [10] * 5) == (5, [70])


def test_it_goes_on_to_measure_after_it_was_told(clock):
    pace, told = measured(clock, [2] * 6, [1] * 11)
    assert pace == 15 * 50 / (5 * 2 + 10 * 1) and told == [12]
