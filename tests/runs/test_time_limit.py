from __future__ import annotations

from dataclasses import asdict, replace
from types import SimpleNamespace

import pytest

from keras_selflearn.console.errors import InputError
from keras_selflearn.options.config import Config
from keras_selflearn.runs import time_limit
from keras_selflearn.runs.plan import plan_run
from keras_selflearn.runs.time_limit import changes, earlier, fit_into

WHOLE = Config(
    dataset="cifar10",
    labels=100,
    batch_size=10,
    steps=100,
    meta_steps=50,
    meta_iterations=4,
    folds=3,
    keep="best",
).resolve()


def planned(config):
    """1000 images, 100 labelled; no test images, so that only trainings and labelling cost."""
    sizes = {"train_images": 1000, "labelled": 100, "test_images": 0}
    return plan_run(config, **sizes, folds=config.folds)


def cost(plan):
    """A second a gradient step, and nothing else."""
    return float(sum(part.steps for parts in plan.fits for part in parts))


def fitted(seconds, **options):
    return fit_into(replace(WHOLE, **options), seconds, planned=planned, cost=cost)


def test_a_run_that_fits_stays_as_it_is():
    assert fitted(4 * 300) == WHOLE


def test_folds_go_first():
    # 300 steps without folds, and as many for each fold
    assert fitted(3 * 300) == replace(WHOLE, folds=2)
    assert fitted(3 * 300 - 1) == replace(WHOLE, folds=0, keep="last")
    assert changes(WHOLE, fitted(300)) == "--folds=0, --keep=last"


def test_then_all_trainings_get_the_same_share_of_their_steps():
    found = fitted(150)
    assert (found.steps, found.meta_steps, found.meta_iterations) == (50, 25, 4)
    assert cost(planned(found)) == 150


def test_then_there_are_fewer_meta_iterations():
    # A quarter of 300 steps is 75; three meta-iterations have 250 steps, and 62 of them a quarter.
    found = fitted(65)
    assert (found.steps, found.meta_steps, found.meta_iterations) == (26, 13, 3)
    assert cost(planned(found)) <= 65


def test_at_last_the_share_falls_and_then_there_is_too_little_time():
    found = fitted(24, meta_steps=100)
    assert (found.steps, found.meta_steps, found.meta_iterations) == (12, 12, 1)
    with pytest.raises(InputError, match=r"too short: even the shortest run takes about 20 s"):
        fitted(19)


def test_a_list_of_shares_becomes_shorter_with_the_meta_iterations():
    shares = {"selection_percent": "20,40,60,80", "pseudo_labels": "revised"}
    assert fitted(65, **shares).selection_percent == "20,40,60"


def test_early_stop_needs_its_folds():
    found = fitted(400, early_stop=True)
    assert found.folds == 2 and found.keep == "best"
    assert cost(planned(found)) <= 400


def test_the_network_is_trained_once_after_a_head():
    whole = replace(WHOLE, train="head-then-all", pseudo_labels="revised", head_rounds=2, folds=0)
    found = fit_into(whole, 13, planned=planned, cost=cost)
    assert (found.meta_iterations, found.meta_steps) == (2, 13)


def test_a_head_takes_what_its_features_take():
    head = replace(WHOLE, train="head")
    with pytest.raises(InputError, match="smaller --image_size"):
        fit_into(head, 5, planned=planned, cost=lambda plan: plan.features)


def test_all_labels_get_fewer_epochs():
    whole = replace(WHOLE, regime="all-labelled", all_labelled_epochs=8, folds=0)
    assert fit_into(whole, 300, planned=planned, cost=cost).all_labelled_epochs == 3


@pytest.fixture
def unfinished(tmp_path, monkeypatch):
    """A folder of a run that was fitted into 20 minutes and then stopped."""
    (tmp_path / "name-2").mkdir()
    run = SimpleNamespace(status="running")
    run.flags = asdict(replace(WHOLE, time_limit="20m", steps=7, meta_steps=3, folds=0))
    folder = SimpleNamespace(has_run=lambda: True, read_run=lambda: run)
    monkeypatch.setattr(time_limit, "RunFolder", lambda path: folder)
    return run, tmp_path


def test_a_run_that_goes_on_has_the_plan_that_it_began_with(unfinished):
    run, results_dir = unfinished
    now = replace(WHOLE, time_limit="20m")
    assert asdict(earlier(now, results_dir, "name")) == run.flags


@pytest.mark.parametrize(
    "others", [{"time_limit": "21m"}, {"time_limit": "20m", "learning_rate": 0.5}]
)
def test_another_command_has_its_own_plan(unfinished, others):
    _, results_dir = unfinished
    assert earlier(replace(WHOLE, **others), results_dir, "name") is None


def test_a_finished_run_is_no_plan(unfinished):
    run, results_dir = unfinished
    run.status = "finished"
    assert earlier(replace(WHOLE, time_limit="20m"), results_dir, "name") is None
