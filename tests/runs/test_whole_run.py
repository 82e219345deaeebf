from __future__ import annotations

import pytest

from keras_selflearn.runs.plan import Part, Plan
from keras_selflearn.runs.whole_run import WholeRun

TRAINING = Part(0.0, 10, 30.0, 0.0)
AFTER_LABELLING = Part(100.0, 10, 30.0, 0.0)
FITS = ((TRAINING, AFTER_LABELLING), (TRAINING, AFTER_LABELLING))


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_time_left_by_hand(clock):
    run = WholeRun(Plan(0, 0.0, FITS), clock)
    assert run.share == 0 and run.seconds_left is None
    assert run.where() == "fold 1/1, training 1/2"
    clock.now = 20  # The network was built.
    run.step(1, 10)
    assert run.share == 30 / 1400 and run.seconds_left is None
    clock.now = 26  # 6 steps of 30 units in 6 seconds: 30 units a second
    run.step(7, 10)
    assert run.steps_per_second == 1
    # 1190 units at this speed, and another network to build
    assert run.seconds_left == pytest.approx((1400 - 210) / 30 + 20)
    clock.now = 29
    run.step(10, 10)
    run.end_training()
    assert run.where() == "fold 1/1, training 2/2"
    clock.now = 33  # 100 images are labelled, and a step is done
    run.step(1, 10)
    assert run.share == (300 + 130) / 1400
    assert run.seconds_left == pytest.approx((1400 - 430) / (400 / 13) + 20)


def test_the_end_is_the_whole(clock):
    run = WholeRun(Plan(0, 0.0, FITS), clock)
    for fit in range(2):
        run.begin(fit)
        for _ in range(2):
            for step in range(10):
                clock.now += 1
                run.step(step + 1, 10)
            run.end_training()
    assert run.share == 1 and run.seconds_left == 0
    assert run.where() == "training 2/2"


def test_a_run_that_goes_on_counts_what_was_done_before_and_not_its_time(clock):
    run = WholeRun(Plan(0, 0.0, FITS), clock)
    run.begin(1)
    run.resume(1)
    assert run.share == (700 + 300) / 1400 and run.seconds_left is None
    clock.now = 15
    run.step(4, 10)
    clock.now = 21
    run.step(7, 10)
    assert run.share == (700 + 300 + 100 + 210) / 1400
    assert run.seconds_left == pytest.approx(90 / 15)


def test_features_stand_for_trainings_until_these_have_a_speed(clock):
    run = WholeRun(Plan(60, 2.0, ((AFTER_LABELLING,),)), clock)
    run.features("training", 10, 40)  # from an earlier run
    clock.now = 10
    run.features("training", 30, 40)  # 20 images of 2 units in 10 seconds
    assert run.share == 60 / 520
    assert run.seconds_left == pytest.approx(460 / 4)
    run.features("training", 40, 40)
    run.features("test", 0, 20)
    run.features("test", 20, 20)
    assert run.share == 120 / 520
    clock.now = 100
    run.step(1, 10)
    clock.now = 110
    run.step(3, 10)  # 60 units in 10 seconds
    assert run.seconds_left == pytest.approx((520 - 120 - 100 - 90) / 6)


def test_a_plan_learns_the_steps_of_a_training(clock):
    run = WholeRun(Plan(0, 0.0, ((Part(0.0, 0, 0.0, 0.0),),)), clock)
    assert run.share == 0
    run.step(1, 4)
    assert run.share == 0.25
    run.step(4, 4)
    run.end_training()
    assert run.share == 1


def test_a_run_that_ends_early_is_whole_at_its_end(clock):
    run = WholeRun(Plan(0, 0.0, FITS), clock)
    run.begin(1)
    run.end_at(0)
    assert run.meta_iterations == 0 and run.where() == "training 1/1"
    run.step(10, 10)
    run.end_training()
    assert run.share == 1


def test_more_trainings_than_planned_are_no_error(clock):
    run = WholeRun(Plan(0, 0.0, ((TRAINING,),)), clock)
    run.step(10, 10)
    run.end_training()
    run.step(5, 10)
    assert run.share == 0.75
