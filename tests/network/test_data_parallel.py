"""On two virtual CPUs, which `two_devices.py` makes in a process of its own."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from waiting import run_process

from keras_selflearn import SelfLearningClassifier
from keras_selflearn.losses import loss_names

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("two_devices")


@pytest.fixture(scope="module")
def facts(folder):
    script = Path(__file__).with_name("two_devices.py")
    result = run_process([sys.executable, str(script), str(folder)])
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


@pytest.mark.parametrize("loss", [*loss_names(), "triplet+cross-entropy"])
def test_two_devices_train_as_one_does(loss, facts):
    measured = facts["training"][loss]
    assert measured["change"] > 1e-3
    assert measured["losses"] < 1e-5 and measured["weights"] < 1e-5


def test_two_devices_train_on_soft_targets_as_one_does(facts):
    measured = facts["soft_targets"]
    assert measured["losses"] < 1e-5 and measured["weights"] < 1e-5


def test_two_devices_renew_the_statistics_of_the_whole_batch(facts):
    measured = facts["batch_statistics"]
    assert measured["losses"] < 1e-5 and measured["weights"] < 1e-5
    assert measured["averages"] < 1e-5 and measured["change"] > 1e-3


@pytest.mark.parametrize("loss", ["cross-entropy", "arcface"])
def test_two_devices_weigh_images_as_one_does(loss, facts):
    measured = facts["image_weights"][loss]
    assert measured["change"] > 1e-3
    assert measured["losses"] < 1e-5 and measured["weights"] < 1e-5


def test_pairs_are_formed_over_the_whole_batch(facts):
    losses = facts["whole_batch_loss"]
    assert abs(losses["shares"] - losses["whole"]) > 1e-2
    assert losses["fit"] == pytest.approx(losses["whole"], abs=1e-5)


def test_each_image_is_embedded_once_and_in_its_place(facts):
    for each, n in zip(facts["embeddings"], (1, 2, 7, 15)):
        assert each["shapes"] == [[n, 8], [n, 8]] and each["apart"] < 1e-5


def test_replicas_drop_different_units(facts):
    first, second, untrained = (
        [np.array(mask) for mask in masks] for masks in facts["dropout_masks"]
    )
    for masks in (first, second):
        assert [mask.shape for mask in masks] == [(4, 16), (3, 16)]
        assert {*np.unique(masks[0]), *np.unique(masks[1])} == {0, 6}
        assert (masks[0][:3] != masks[1]).mean() > 0.25
    assert (first[0] != second[0]).any()
    assert all((mask == 3).all() for mask in untrained)


def test_later_meta_iterations_trace_nothing(facts):
    counts = facts["traces"]
    assert len(counts) == 4 and counts[0] == counts[-1]


def test_self_learning_is_that_of_one_device(facts):
    measured = facts["classifiers"]
    assert measured["replicas"] == 2 and measured["labelled"] == [9, 10, 11]
    assert measured["same_labels"] and measured["same_iterations"]
    assert measured["losses"] < 1e-4


def test_a_saved_classifier_is_loaded_on_two_devices_and_on_one(facts, folder):
    assert facts["classifiers"]["loaded"] == 0
    classifier = SelfLearningClassifier.load(folder / "classifier")
    assert classifier.network_.trainer.distribute_strategy.num_replicas_in_sync == 1
    with np.load(folder / "images.npz") as saved:
        embeddings = classifier.transform(saved["images"])
        np.testing.assert_allclose(embeddings, saved["embeddings"], atol=1e-6)


def test_scaled_loss_of_mixed_precision(facts):
    assert facts["mixed_precision"] < 0.02


def test_deterministic_runs_are_the_same(facts):
    assert facts["repeated"] == {"losses": 0, "weights": 0}
