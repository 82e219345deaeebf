"""A classifier whose labels several labellers vote on: heads and trained networks."""

from __future__ import annotations

import numpy as np
import pytest
from exporting import exported

from keras_selflearn import SelfLearningClassifier
from keras_selflearn.console.errors import InputError
from keras_selflearn.options.config import Config
from keras_selflearn.runs.experiment import run_experiment

OPTIONS = {
    "labelling": "vote",
    "meta_iterations": 2,
    "pseudo_labels": "revised",
    "selection_percent": 100,
    "backbone": "tiny",
    "weights": "random",
    "epochs": 3,
    "meta_epochs": 1,
    "learning_rate": 1e-2,
}


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def classifier(**changes):
    return SelfLearningClassifier(**{**OPTIONS, "random_state": 0, **changes})


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "n_voters"),
    [
        ({"train": "head"}, 3),
        ({"loss": "triplet"}, 2),
        ({"train": "head", "loss": "arcface", "n_neighbors": 3}, 2),
        ({"voters": "softmax,nearest", "reference": "all"}, 2),
    ],
)
def test_what_is_saved_and_exported_gives_the_same(changes, n_voters, data, tmp_path):
    images, labels = data
    test_set = images[:50], labels[:50]
    subject = classifier(**changes).fit(images, labels, validation_data=test_set)
    assert (subject.transduction_ >= 0).all()
    chosen = subject.labeled_iter_ > 0
    shares = n_voters * subject.confidence_[chosen]
    np.testing.assert_allclose(shares, np.round(shares), atol=1e-6)
    assert shares.min() >= 1 and shares.max() == n_voters
    expected = subject.predict(images[:40])
    subject.save(tmp_path / "saved")
    loaded = SelfLearningClassifier.load(tmp_path / "saved")
    np.testing.assert_array_equal(loaded.predict(images[:40]), expected)
    served = exported(loaded, images[:40], tmp_path / "exported")
    # An image between two classes may get another vote: the network is computed in another order.
    assert np.mean(served["label"].numpy().astype(int) == expected) > 0.9


@pytest.mark.slow
def test_what_all_agree_on_can_be_asked_for(data):
    subject = classifier(train="head", min_confidence=1).fit(*data)
    chosen = subject.labeled_iter_ > 0
    assert 0 < chosen.sum() < 120 and (subject.confidence_[chosen] == 1).all()


@pytest.mark.slow
def test_a_run_has_a_page(tmp_path):
    options = {"dataset": "digits", "labels": 30, "train_images": 150, "test_images": 50}
    config = Config(**{**OPTIONS, **options}, train="head", folds=2, results_dir=str(tmp_path))
    folder = run_experiment(config)
    assert folder.read_run().verdict.images == 30
    assert "probability 1.000" in folder.path.joinpath("report.html").read_text()


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"loss": "triplet", "voters": "nearest,softmax"}, "voter 'softmax' needs a loss with log"),
        ({"voters": "nearest"}, "voters is 'nearest': give two or more"),
        ({"voters": "nearest,knn"}, "Unknown voter 'knn'"),
        ({"n_neighbors": 31}, "n_neighbors is 31, but only 30 images are labelled"),
        ({"min_confidence": 1.5}, "min_confidence is 1.5: give a number at least 0 and at most 1"),
    ],
)
def test_a_vote_that_can_t_be_is_refused_before_any_work(changes, match, data, monkeypatch):
    monkeypatch.setattr("keras_selflearn.estimator.learners.network_from", None)
    with pytest.raises(InputError, match=match):
        classifier(**changes).fit(*data)
