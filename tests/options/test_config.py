from __future__ import annotations

from dataclasses import fields

import pytest

from keras_selflearn.console.option import declared
from keras_selflearn.datasets import DATASETS
from keras_selflearn.options.config import Config
from keras_selflearn.options.data import numbers_by_class


@pytest.mark.parametrize("dataset", list(DATASETS))
def test_the_data_set_decides_what_was_not_asked_for(dataset):
    entry = DATASETS[dataset]
    config = Config(dataset=dataset).resolve()
    for name in ("labels", "selection_percent", "meta_iterations", "epochs", "meta_epochs"):
        assert getattr(config, name) == getattr(entry, name)
    assert config.weights == entry.weights


def test_what_is_asked_for_wins():
    config = Config(dataset="cifar10", labels=250, weights="random", meta_iterations=0).resolve()
    assert (config.labels, config.weights, config.meta_iterations) == (250, "random", 0)


def test_paper_s_numbers():
    names = ("svhn_cropped", "cifar10", "plant_village")
    svhn, cifar, plants = (Config(dataset=name).resolve() for name in names)
    assert (svhn.labels, svhn.selection_percent, svhn.meta_iterations) == (1000, 5, 25)
    assert (cifar.labels, cifar.selection_percent, cifar.meta_iterations) == (4000, 5, 25)
    assert (plants.labels, plants.selection_percent, plants.meta_iterations) == (380, 2, 25)
    assert cifar.batch_size == 100 and cifar.embedding_size == 256


def test_meta_iterations_learn_at_a_tenth_of_the_rate():
    assert Config(learning_rate=0.02).resolve().self_learning_rate == pytest.approx(0.002)
    assert Config(self_learning_rate=0.5).resolve().self_learning_rate == 0.5


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dataset": "digit"}, "Unknown dataset 'digit': did you mean 'digits'"),
        ({"loss": "tripel"}, "Unknown loss 'tripel': did you mean 'triplet'"),
        ({"regime": "all"}, "Unknown regime 'all'"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": 2**32}, "seed is 4294967296"),
        ({"meta_iterations": -3}, "meta_iterations is -3"),
        ({"steps": 0}, "steps is 0"),
        ({"evaluate_every": 0}, "evaluate_every is 0"),
        ({"optimizer": ""}, "can't be empty"),
        ({"results_dir": ""}, "can't be empty"),
        ({"images": "x", "dataset": "glyphs"}, "--images is not for --dataset=glyphs"),
        ({"dataset": "folder"}, "needs --images=DIR"),
        ({"dataset": "folder", "images": "x", "labels": 9}, "--labels is not for --dataset=folder"),
        ({"dataset": "folder", "images": "x", "train_images": 9}, "--train_images is not for"),
        ({"dataset": "folder", "images": "x", "image_size": 31}, "image_size is 31"),
        ({"dataset": "tfds:mnist"}, "--dataset=tfds:mnist needs --labels"),
        ({"labels": 9, "labels_per_class": "0=9"}, "exclude each other"),
        ({"labels_per_class": "cat"}, "give each class once"),
        ({"labels_per_class": "cat=0"}, "give each class once"),
        ({"labels_per_class": "cat=1,cat=2"}, "give each class once"),
        ({"labels_per_class": "=3"}, "give each class once"),
        ({"folds": 1}, "--folds is 1: give at least 2 for cross-validation, or 0 for none"),
        (
            {"folds": 0, "early_stop": True},
            "at least 2 for cross-validation, which --early_stop",
        ),
    ],
)
def test_unknown_names_are_errors(changes, message):
    with pytest.raises(ValueError, match=message):
        Config(**changes).resolve()


def test_each_option_is_explained_in_one_line():
    for each in fields(Config):
        explanation = declared(each).help
        assert explanation.endswith(".") and len(explanation) <= 90 and "\n" not in explanation
        assert all(str(value) in explanation for value in declared(each).known())


def test_own_images_have_a_size_and_no_number_of_labels():
    config = Config(dataset="folder", images="photos").resolve()
    assert (config.image_size, config.labels, config.weights) == (96, None, "imagenet")
    assert Config(dataset="tfds:mnist", labels=50, image_size=32).resolve().selection_percent == 5


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"labels_per_class": "cat=9,dog=4"},
        {"dataset": "folder", "images": "photos"},
        {"dataset": "tfds:mnist", "labels": 50, "image_size": 32},
        {"dataset": "tfds:mnist", "labels_per_class": "0=5"},
    ],
)
def test_what_is_resolved_stays_as_it_is(changes):
    once = Config(**changes).resolve()
    assert once.resolve() == once


def test_labels_per_class_are_read():
    assert Config(labels_per_class="cat=9,dog=4").resolve().labels is None
    assert numbers_by_class('"Pepper,_bell=5", a=b=2') == {"Pepper,_bell": 5, "a=b": 2}


def test_a_model_of_one_s_own_has_its_own_weights():
    resolved = Config(backbone="some/where/mine.keras").resolve()
    assert (resolved.backbone, resolved.weights) == ("some/where/mine.keras", "own")
    resolved = Config(backbone='a.h5, "b, c.keras"', train="head").resolve()
    assert (resolved.backbone, resolved.weights) == ('a.h5,"b, c.keras"', "own")
    resolved = Config(backbone="hub:dinov2_base", dataset="folder", images="x").resolve()
    assert (resolved.weights, resolved.image_size) == ("own", 224)
    with pytest.raises(ValueError, match="A preset of KerasHub has its own weights, and --weights"):
        Config(backbone="hub:dinov2_base", weights="imagenet").resolve()
    resolved = Config(backbone="a.h5,tiny", train="head", weights="random").resolve()
    assert (resolved.backbone, resolved.weights) == ("a.h5,tiny", "random")
    assert resolved.resolve() == resolved
    with pytest.raises(ValueError, match="has its own weights, and --weights is imagenet"):
        Config(backbone="mine.h5", weights="imagenet").resolve()


def test_every_data_set_takes_a_size_of_images():
    assert Config().resolve().image_size is None
    assert Config(dataset="cifar10", image_size=160).resolve().image_size == 160


def test_images_without_a_data_set_are_a_folder():
    config = Config(images="photos").resolve()
    assert config == Config(images="photos", dataset="folder").resolve()


def test_a_list_of_shares_is_one_run_in_each_of_its_forms():
    forms = ["20,40.5,60", " 20, 40.5, 60.0", (20, 40.5, 60), [20.0, 40.5, 60.0]]
    runs = [Config(selection_percent=form, pseudo_labels="revised").resolve() for form in forms]
    assert {run.selection_percent for run in runs} == {"20,40.5,60"}
    assert all(run.identity() == runs[0].identity() for run in runs)
    number = Config(selection_percent=20.0, pseudo_labels="revised").resolve()
    assert type(number.selection_percent) is float
    assert number.identity() != runs[0].identity()
