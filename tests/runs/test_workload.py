from __future__ import annotations

from dataclasses import replace

import pytest
from msgspec import structs

from keras_selflearn.options.config import Config
from keras_selflearn.runs.record import MetaIteration
from keras_selflearn.runs.workload import Workload, planned_workload, workload_of_history

SMALL = Config(
    labels=10,
    batch_size=4,
    epochs=2,
    meta_epochs=3,
    all_labelled_epochs=5,
    selection_percent=50,
    meta_iterations=2,
)


def of(**changes):
    return planned_workload(replace(SMALL, **changes).resolve(), train_images=30, test_images=7)


def test_self_learning_by_hand():
    # 10 labelled, then 20 remain: 10 join; 10 remain: 5 join.
    assert of() == Workload(
        gradient_steps=2 * 3 + 3 * 5 + 3 * 7,
        trained_images=2 * 10 + 3 * 20 + 3 * 25,
        embedded_images=7 + (20 + 7) + (10 + 7),
    )


def test_training_before_labelling():
    assert of(order="train-first").trained_images == 2 * 10 + 3 * 10 + 3 * 20


def test_few_labels_alone():
    assert of(regime="n-labelled") == Workload(2 * 3, 2 * 10, 7)


def test_all_labelled():
    assert of(regime="all-labelled") == Workload(5 * 8, 5 * 30, 7)


def test_it_ends_when_all_are_labelled():
    assert of(selection_percent=100, meta_iterations=9) == Workload(
        2 * 3 + 3 * 8, 2 * 10 + 3 * 30, 7 + 20 + 7
    )


def test_at_least_one_example_joins():
    assert of(selection_percent=1, meta_iterations=1).trained_images == 2 * 10 + 3 * 11


def test_the_paper_s_schedule_on_cifar10():
    """200 + 25 x 200 epochs: of the labelled set alone 8000 steps."""
    config = Config(dataset="cifar10").resolve()
    few = planned_workload(
        replace(config, regime="n-labelled"), train_images=50000, test_images=10000
    )
    assert few.gradient_steps == 8000


def test_steps_in_place_of_epochs():
    # 10 examples are 3 batches, 20 are 5, 25 are 7.
    assert of(steps=7, meta_steps=9) == Workload(
        gradient_steps=7 + 9 + 9,
        trained_images=(2 * 10 + 1 * 4) + (1 * 20 + 4 * 4) + (1 * 25 + 2 * 4),
        embedded_images=7 + (20 + 7) + (10 + 7),
    )
    assert of(steps=7, regime="all-labelled").gradient_steps == 5 * 8


def test_test_images_are_embedded_when_they_are_measured():
    assert of(evaluate_every=2).embedded_images == 7 + 20 + (10 + 7)
    assert of(evaluate_every=9).embedded_images == 7 + 20 + (10 + 7)
    first = MetaIteration(
        meta_iteration=0, labelled=10, selected=0, remaining=20, test_accuracy=50.0
    )
    history = [
        first,
        MetaIteration(meta_iteration=1, labelled=20, selected=10, remaining=10),
    ]
    found = workload_of_history(SMALL.resolve(), history, test_images=7)
    assert found.embedded_images == 7 + 20
    assert found.gradient_steps == 2 * 3 + 3 * 5
    history[1] = structs.replace(history[1], gradient_steps=4)
    assert workload_of_history(SMALL.resolve(), history, test_images=7).gradient_steps == 2 * 3 + 4


@pytest.mark.slow
@pytest.mark.parametrize("selection", ["global", "stratified", "equal"])
@pytest.mark.parametrize("order", ["label-first", "train-first"])
@pytest.mark.parametrize("regime", ["self-learning", "n-labelled", "all-labelled"])
def test_it_is_what_a_run_does(regime, order, selection, digits):
    """Against the steps that the optimiser counts in a real run."""
    from keras_selflearn.runs.configuration import make_classifier
    from keras_selflearn.runs.data import training_labels

    config = Config(
        backbone="tiny",
        regime=regime,
        order=order,
        selection=selection,
        epochs=2,
        meta_epochs=3,
        meta_iterations=2,
        selection_percent=20,
        all_labelled_epochs=1,
        batch_size=64,
    ).resolve()
    classifier = make_classifier(config)
    classifier.fit(digits.images, training_labels(digits, config))
    steps = int(classifier.network_.trainer.optimizer.iterations)
    history = workload_of_history(
        config, [MetaIteration.of(each) for each in classifier.history_], test_images=0
    )
    assert history.gradient_steps == steps
    planned = planned_workload(config, train_images=len(digits.images), test_images=0)
    if selection == "equal":
        assert planned.gradient_steps >= steps
    else:
        assert planned == history


def test_revised_labels_by_hand():
    # The 20 others are labelled anew each time: 10 join, and 10 again.
    expected = Workload(2 * 3 + 2 * 3 * 5, 2 * 10 + 2 * 3 * 20, 7 + 2 * (20 + 7))
    assert of(pseudo_labels="revised") == expected


def test_a_list_of_shares_by_hand():
    # Of 20 others, 5 join, then 20, then 20 again.
    found = of(pseudo_labels="revised", selection_percent="25,100", meta_iterations=3)
    steps = 2 * 3 + 3 * 4 + 2 * 3 * 8
    assert found == Workload(steps, 2 * 10 + 3 * 15 + 2 * 3 * 30, 7 + 3 * (20 + 7))
