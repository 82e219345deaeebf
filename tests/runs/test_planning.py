from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from keras_selflearn.console.errors import InputError
from keras_selflearn.options.config import Config
from keras_selflearn.runs import planning
from keras_selflearn.runs.experiment import run_experiment
from keras_selflearn.runs.loaded import load_for_run
from keras_selflearn.runs.planning import dry_run, number_of_folds, plan_of, within_limit
from keras_selflearn.runs.trial import Speed

SMALL = {
    "dataset": "digits",
    "weights": "random",
    "backbone": "tiny",
    "labels": 20,
    "train_images": 200,
    "test_images": 50,
    "batch_size": 10,
    "steps": 100,
    "meta_steps": 50,
    "meta_iterations": 2,
}


def config(tmp_path, **changes):
    return Config(**{**SMALL, "results_dir": str(tmp_path), **changes}).resolve()


@pytest.fixture
def speed(monkeypatch):
    """A machine that takes a millisecond for a pass, and nothing to build a network."""
    monkeypatch.setattr(planning, "measure_speed", lambda *_: Speed(0.001, 0.001, 0.0))
    monkeypatch.setattr(planning, "_SECONDS_AROUND", 0)


def test_folds_come_where_nothing_else_measures(tmp_path):
    loaded = load_for_run(config(tmp_path))
    assert number_of_folds(config(tmp_path), loaded) == 0
    # Two labelled images of each class can't be in three folds.
    assert number_of_folds(config(tmp_path, train="head"), loaded) == 2
    assert number_of_folds(config(tmp_path, keep="best", folds=2), loaded) == 2


def test_a_dry_run_says_what_the_run_would_do_and_leaves_nothing(tmp_path, speed):
    lines = dry_run(config(tmp_path))
    assert lines[0].startswith("digits: 20 labelled images (0 2, 1 2,")
    assert lines[0].endswith("180 to label, 50 test images.")
    assert lines[1] == "Plan: 3 trainings of 200 gradient steps in all."
    # 200 steps of 10 images, three passes each, and at most 2 * 180 + 3 * 50 images embedded
    assert lines[2].startswith("About 6 s in all on this machine.")
    assert not list(tmp_path.iterdir())


def test_a_limit_is_kept(tmp_path, speed):
    limited = config(tmp_path, time_limit="4s")
    loaded = load_for_run(limited)
    found = within_limit(limited, loaded, tmp_path, "name", since=time.monotonic())
    assert found.meta_iterations == 2 and 50 < found.steps < 60
    assert plan_of(found, loaded).work < 4000
    assert within_limit(config(tmp_path), loaded, tmp_path, "", since=0.0) == config(tmp_path)


def test_a_limit_that_is_too_short_is_said_before_the_run(tmp_path, speed):
    with pytest.raises(InputError, match="--time_limit is too short"):
        run_experiment(config(tmp_path, time_limit="0.1s"))
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_run_records_what_the_limit_led_to(tmp_path, monkeypatch):
    monkeypatch.setattr(planning, "_SECONDS_AROUND", 0)
    seconds = {"now": 0.0}
    monkeypatch.setattr(planning, "measure_speed", lambda *_: Speed(0.02, 0.02, 0.0))
    monkeypatch.setattr(planning.time, "monotonic", lambda: seconds["now"])
    folder = run_experiment(config(tmp_path, time_limit="30s"))
    run = folder.read_run()
    assert run.config.steps < 30 and run.config.time_limit == "30s"
    assert [each.gradient_steps for each in run.history] == [
        run.config.steps,
        run.config.meta_steps,
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [{}, {"train": "head", "image_size": 32}, {"train": "head-then-all", "image_size": 32}],
    ids=["all", "head", "head-then-all"],
)
def test_the_speed_is_measured_by_the_run_s_own_steps(tmp_path, changes):
    options = {"pseudo_labels": "revised", "head_rounds": 1, **changes} if changes else {}
    asked = config(tmp_path, **options)
    loaded = load_for_run(asked)
    labels = loaded.labels.copy()
    images = np.array(loaded.dataset.images)
    speed = planning.measure_speed(asked, images, labels)
    assert 0 < speed.training < 0.1 and speed.building > 0
    assert (speed.feature > 0) == (asked.train != "all")
    plan = plan_of(replace(asked, folds=0), loaded)
    assert speed.seconds(plan) == pytest.approx(
        speed.feature * plan.features
        + speed.training * (plan.work - plan.features)
        + speed.building
    )
    np.testing.assert_array_equal(labels, loaded.labels)
