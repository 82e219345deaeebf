from __future__ import annotations

from dataclasses import replace

import pytest

from keras_selflearn.options.config import Config
from keras_selflearn.runs.plan import Part, Plan, plan_run

SMALL = Config(
    labels=10, batch_size=4, epochs=2, meta_epochs=3, selection_percent=50, meta_iterations=2
)
SIZES = {"train_images": 30, "labelled": 10, "test_images": 7}


def planned(folds=0, **changes):
    return plan_run(replace(SMALL, **changes).resolve(), **SIZES, folds=folds)


def steps(plan):
    return sum(part.steps for parts in plan.fits for part in parts)


def test_a_run_that_trains_the_network_by_hand():
    # 10 are labelled; then 20 remain, of which 10 join; then 10 remain, of which 5 join.
    plan = planned()
    assert plan == Plan(0, 0.0, ((Part(0, 6, 12, 7), Part(20, 15, 12, 7), Part(10, 21, 12, 7)),))
    assert steps(plan) == 42 and plan.work == 3 * 7 + 30 + 42 * 12


def test_a_fold_leaves_its_images_out_and_is_measured_on_them():
    plan = planned(folds=3)
    assert plan.folds == 3
    assert [parts[0].measuring for parts in plan.fits] == [4, 3, 3, 7]
    assert plan.fits[0][1].labelling == 20 and plan.fits[0][0].steps == 2 * 2


def test_a_head_needs_features_and_no_steps():
    plan = planned(train="head", image_size=64, mirror=True)
    assert (plan.feature_images, plan.feature) == (37, 2)
    assert steps(plan) == 0 and len(plan.fits[0]) == 3
    assert plan.work == pytest.approx(2 * 37 + 3 * (30 + 0.015 * 30))


def test_a_head_comes_before_the_network_and_sees_images_of_its_own_size():
    changes = {"pseudo_labels": "revised", "head_rounds": 1, "steps": 9, "meta_steps": 5}
    plan = planned(train="head-then-all", image_size=32, head_image_size=64, **changes)
    assert (plan.feature_images, plan.feature) == (37, 4)
    head, first, second = plan.fits[0]
    assert (head.steps, first.steps, second.steps) == (0, 5, 5)
    # The head labels before the network's first training, and the network before its second.
    assert first.labelling == pytest.approx(30.45) and second.labelling == 20


def test_two_networks_compute_features_twice():
    plan = planned(train="head", image_size=64, backbone="VGG16,tiny")
    assert plan.feature_images == 74


def test_few_measurements_of_the_test_set():
    plan = planned(evaluate_every=2)
    assert [part.measuring for part in plan.fits[0]] == [7, 0, 7]
