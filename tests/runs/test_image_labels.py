"""The labels of a run's images, and which of them are doubted."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from PIL import Image

from keras_selflearn import SelfLearningClassifier
from keras_selflearn.options.config import Config
from keras_selflearn.runs.experiment import run_experiment
from keras_selflearn.runs.image_labels import (
    doubting_embeddings,
    frozen_accuracy,
    image_labels,
)
from keras_selflearn.runs.labels_csv import read_labels
from keras_selflearn.runs.record import HeldOut, Measured

pytestmark = pytest.mark.slow

N = 80
TRUTH = np.arange(N) % 2


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def images():
    """Dark and bright ones, which any network tells apart."""
    found = np.random.default_rng(0).integers(0, 90, (N, 32, 32, 3), np.uint8)
    found[TRUTH == 1] += 120
    return found


def fitted(given, **changes):
    options = {"backbone": "tiny", "weights": "random", "epochs": 20, "meta_iterations": 1}
    options.update(learning_rate=1e-2, precision="float32", random_state=0, **changes)
    return SelfLearningClassifier(**options).fit(images(), given)


def found_of(classifier, held_out=()):
    embeddings, _ = doubting_embeddings(classifier, images(), lambda *_: None)
    return image_labels(classifier, images(), held_out, embeddings)


def test_swapped_given_labels_are_the_most_doubted():
    given = TRUTH.copy()
    swapped = [4, 9, 30, 51]
    given[swapped] = 1 - given[swapped]
    given[60:] = -1
    found = found_of(fitted(given, epochs=1, meta_iterations=0))
    order = np.argsort(-found.doubt[:60])
    assert {*swapped} <= {*order[:8].tolist()}
    assert (found.instead[swapped] == TRUTH[swapped]).all()
    assert found.given.tolist() == [True] * 60 + [False] * 20
    # Without self-learning the final model labels the others.
    assert (found.meta_iteration[60:] == -1).all() and (found.labels[60:] >= 0).all()
    assert np.isnan(found.probability).all()


def test_an_image_of_which_the_final_model_is_not_sure_stays_blank():
    given = np.where(np.arange(N) < 20, TRUTH, -1)
    classifier = fitted(given, epochs=1, min_confidence=0.9999, selection_percent=5)
    found = found_of(classifier)
    blank = found.labels == -1
    assert blank[20:].any() and not blank[:20].any()
    assert np.isnan(found.doubt[blank]).all() and (found.instead[blank] == -1).all()


def test_the_folds_say_how_probable_a_label_is():
    given = np.where(np.arange(N) < 40, TRUTH, -1)
    classifier = fitted(given, selection_percent=100)
    index = np.arange(40)

    def measured(n_wrong):
        labels = TRUTH[:40].copy()
        labels[:n_wrong] = 1 - labels[:n_wrong]
        return [HeldOut(index=index.tolist(), after=Measured(labels.tolist(), [0.9] * 40))]

    predicted = classifier.labeled_iter_ > 0
    for n_wrong in (0, 10):
        probability = found_of(classifier, measured(n_wrong)).probability
        assert np.isnan(probability[~predicted]).all()
        # Wrong labels of the folds are doubted, and those of the classifier are not: see `fitted`.
        assert 0.9 < probability[predicted].mean() <= 1
    # A fold that was not measured says nothing.
    nothing = found_of(classifier, [HeldOut(index=index.tolist())])
    assert np.isnan(nothing.probability).all()


@pytest.mark.parametrize("train", ["all", "head"])
def test_a_run_of_a_folder_writes_the_table(tmp_path, train):
    for i, image in enumerate(images()):
        folder = (
            tmp_path
            / "photos"
            / (f"labelled/{'night day'.split()[TRUTH[i]]}" if i < 24 else "unlabelled")
        )
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / f"{i:02}.png")
    flags = {"dataset": "folder", "images": str(tmp_path / "photos"), "results_dir": str(tmp_path)}
    network = {"backbone": "tiny", "weights": "random", "image_size": 32, "precision": "float32"}
    if train == "head":
        network["labelling"] = "graph"
    schedule = {"epochs": 10, "meta_iterations": 2, "selection_percent": 50, "folds": 2}
    folder = run_experiment(Config(**flags, **network, **schedule, train=train, learning_rate=1e-2))
    with (folder.path / "labels.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == N
    for row in rows:
        is_given = row["path"].startswith("labelled/")
        assert (row["source"] == "given") == is_given
        if is_given:
            assert row["label"] == row["path"].split("/")[1] and row["probability"] == ""
        else:
            assert 0 <= float(row["probability"]) <= 1
        assert 0 <= float(row["doubt"]) <= 1 and row["instead"] != row["label"]
    paths = [row["path"] for row in rows]
    read = read_labels(folder.path / "labels.csv", ["day", "night"], paths, N)
    assert (read.labels >= 0).all()
    html = (folder.path / "report.html").read_text(encoding="utf-8")
    assert "Doubtful labels" in html and "of them probably wrong" in html


def test_frozen_features_are_measured_on_given_labels_alone():
    given = np.where(np.arange(N) < 20, TRUTH, -1)
    classifier = fitted(given, epochs=1, meta_iterations=0)
    embeddings = 9.0 * np.eye(2, 4, dtype=np.float32)[TRUTH]
    embeddings += np.random.default_rng(0).normal(0, 0.1, (N, 4)).astype(np.float32)
    assert frozen_accuracy(classifier, embeddings) == 100
    swapped = embeddings.copy()
    swapped[[0, 1]] = embeddings[[1, 0]]
    assert frozen_accuracy(classifier, swapped) == 90
    swapped[20:] = 0
    assert frozen_accuracy(classifier, swapped) == 90


def test_random_weights_have_no_frozen_features():
    given = np.where(np.arange(N) < 20, TRUTH, -1)
    classifier = fitted(given, epochs=1, meta_iterations=0)
    embeddings, is_frozen = doubting_embeddings(classifier, images(), lambda *_: None)
    np.testing.assert_array_equal(embeddings, classifier.transform(images()))
    assert not is_frozen
