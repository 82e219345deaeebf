from __future__ import annotations

from dataclasses import replace

from keras_selflearn.options.config import Config
from keras_selflearn.runs.first_lines import images_line, plan_line, time_line
from keras_selflearn.runs.plan import Part, Plan
from keras_selflearn.runs.record import Data

TRAINING = Part(0.0, 100, 30.0, 0.0)
HEAD = Part(1.0, 0, 0.0, 0.0)
NETWORK = Config(dataset="cifar10").resolve()


def data(classes, test=0):
    numbers = {f"c{i}": 2 + i for i in range(classes)}
    labelled = sum(numbers.values())
    return Data(
        train=1000 + labelled,
        test=test,
        labelled=labelled,
        labelled_per_class=numbers,
        classes=list(numbers),
    )


def test_images_are_counted():
    assert images_line("photos", data(2, test=9), skipped=3) == (
        "photos: 5 labelled images (c0 2, c1 3), 1,000 to label, 9 test images, 3 left out."
    )


def test_many_classes_are_not_listed():
    assert "(2 to 41 in each of 40 classes)" in images_line("photos", data(40))


def test_trainings_are_counted():
    assert plan_line(Plan(0, 0.0, ((TRAINING,),))) == (
        "Plan: 1 training of 100 gradient steps in all."
    )
    heads = Plan(1400, 1.0, 4 * ((HEAD, HEAD),))
    assert plan_line(heads) == (
        "Plan: features of 1,400 images, once; 2 trainings of a head, and nearly as much in each"
        " of 3 folds."
    )


def test_what_makes_a_long_run_shorter():
    plan = Plan(0, 0.0, 3 * ((TRAINING, TRAINING),))
    assert time_line(1800, plan, NETWORK) == (
        "About 30 min in all on this machine. Shorter: --folds=0 (about 10 min), --preset=quick (a"
        " head on features), --time_limit=15m (fewer gradient steps)."
    )


def test_random_weights_have_no_features_worth_a_head():
    line = time_line(1800, Plan(0, 0.0, ((TRAINING,),)), replace(NETWORK, weights="random"))
    assert line.endswith("Shorter: --time_limit=15m (fewer gradient steps).")


def test_a_short_run_needs_no_advice():
    assert time_line(50, Plan(0, 0.0, 3 * ((TRAINING,),)), NETWORK) == (
        "About 50 s in all on this machine."
    )
    head = replace(NETWORK, train="head")
    assert time_line(200, Plan(9, 1.0, ((HEAD,),)), head) == "About 3 min in all on this machine."
