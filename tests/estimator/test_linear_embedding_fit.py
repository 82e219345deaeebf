"""A head that is a linear embedding: trained by steps, stopped, saved and exported."""

from __future__ import annotations

import signal

import numpy as np
import pytest
import tensorflow as tf
from exporting import exported

from keras_selflearn import SelfLearningClassifier
from keras_selflearn.console.errors import InputError
from keras_selflearn.console.signals import Stopped
from keras_selflearn.estimator import resuming
from keras_selflearn.losses import get_objective
from keras_selflearn.options.config import Config
from keras_selflearn.runs.experiment import run_experiment
from keras_selflearn.storage.checkpoint import Checkpoints

pytestmark = pytest.mark.slow

OPTIONS = {
    "train": "head",
    "meta_iterations": 2,
    "pseudo_labels": "revised",
    "selection_percent": 100,
    "backbone": "tiny",
    "weights": "random",
    "embedding_size": 16,
    "epochs": 20,
    "meta_epochs": 2,
    "batch_size": 20,
    "learning_rate": 1e-3,
}
HEADS = {
    "cross-entropy": {"loss": "cross-entropy", "head": "embedding"},
    "triplet": {"loss": "triplet"},
    "contrastive by graph": {"loss": "contrastive", "labelling": "graph"},
    "arcface": {"loss": "arcface", "n_neighbors": 3},
}


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    tf.config.experimental.enable_op_determinism()


def classifier(**changes):
    return SelfLearningClassifier(**{**OPTIONS, "random_state": 0, **changes})


def weights_of(subject):
    return [np.asarray(each) for each in subject.network_.trained.trainer.trainable_variables]


@pytest.mark.parametrize("loss", ["contrastive", "arcface", "cross-entropy"])
def test_a_step_is_down_the_gradient_of_the_loss(loss, data):
    images, labels = data
    options = {"loss": loss, "head": "embedding", "optimizer": "sgd", "learning_rate": 0.5}
    options.update(batch_size=200, meta_iterations=0)
    two = classifier(**options, steps=2).fit(images, labels)
    one = classifier(**options, steps=1).fit(images, labels)
    frozen = classifier(meta_iterations=0).fit(images, labels)  # the same features, by its seed
    rows = tf.constant(frozen.transform(images[labels >= 0]))
    kernel, bias, *head = (tf.Variable(each) for each in weights_of(one))
    with tf.GradientTape() as tape:
        outputs = rows @ kernel + bias
        if loss != "cross-entropy":
            outputs = tf.math.l2_normalize(outputs, axis=1)
        if loss == "cross-entropy":
            outputs = outputs @ head[0] + head[1]
        if loss == "arcface":
            outputs = outputs @ tf.math.l2_normalize(head[0], axis=0)
        cost = get_objective(loss).loss()(labels[labels >= 0], outputs)
    variables = [kernel, bias, *head]
    for variable, gradient, found in zip(
        variables, tape.gradient(cost, variables), weights_of(two)
    ):
        expected = variable.numpy() - 0.5 * gradient.numpy()
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-5)
    assert two.history_[0]["gradient_steps"] == 2


@pytest.mark.parametrize("case", HEADS)
def test_what_is_saved_and_exported_gives_the_same(case, data, tmp_path):
    images, labels = data
    subject = classifier(**HEADS[case]).fit(images, labels, validation_data=(images, labels))
    assert [each["gradient_steps"] for each in subject.history_] == [20 * 2, 2 * 8, 2 * 8]
    assert (subject.transduction_ >= 0).all()
    expected = subject.predict_proba(images[:30])
    assert subject.transform(images[:30]).shape == (30, 16)
    subject.save(tmp_path / "saved")
    loaded = SelfLearningClassifier.load(tmp_path / "saved")
    np.testing.assert_allclose(loaded.predict_proba(images[:30]), expected, atol=1e-5)
    found = exported(loaded, images[:30], tmp_path / "exported")
    np.testing.assert_allclose(found["probabilities"], expected, atol=1e-3)


@pytest.mark.parametrize("case", HEADS)
def test_a_fit_that_is_stopped_in_a_training_goes_on(case, data, tmp_path, monkeypatch):
    images, labels = data
    expected = classifier(**HEADS[case]).fit(images, labels)
    steps = []

    def stop():
        steps.append(1)
        if len(steps) in (7, 50):
            raise Stopped(signal.SIGTERM)

    monkeypatch.setattr(resuming, "check_for_stop", stop)
    for _ in range(2):
        with pytest.raises(Stopped):
            classifier(**HEADS[case]).fit(images, labels, checkpoints=Checkpoints(tmp_path / "c"))
    found = classifier(**HEADS[case]).fit(images, labels, checkpoints=Checkpoints(tmp_path / "c"))
    assert found.history_ == expected.history_
    np.testing.assert_array_equal(found.transduction_, expected.transduction_)
    for now, then in zip(weights_of(found), weights_of(expected)):
        np.testing.assert_array_equal(now, then)


def test_a_saved_embedding_of_another_size_is_refused(data, tmp_path):
    images, labels = data
    classifier(loss="triplet", meta_iterations=0).fit(images, labels).save(tmp_path / "saved")
    settings = tmp_path / "saved" / "classifier.json"
    settings.write_text(settings.read_text().replace('"embedding_size": 16', '"embedding_size": 8'))
    with pytest.raises(InputError, match="does not fit its classes and embedding_size"):
        SelfLearningClassifier.load(tmp_path / "saved")


def test_a_metric_loss_may_start_the_network(data):
    subject = classifier(loss="triplet", train="head-then-all", head_rounds=1).fit(*data)
    assert [each["gradient_steps"] for each in subject.history_] == [40, 20 * 8, 2 * 8]


def test_the_page_says_what_was_trained(tmp_path):
    options = {"dataset": "digits", "labels": 30, "train_images": 150, "test_images": 50}
    changes = {"loss": "arcface", "folds": 0, "results_dir": str(tmp_path)}
    folder = run_experiment(Config(**{**OPTIONS, **options, **changes}))
    page = " ".join(folder.path.joinpath("report.html").read_text().split())
    assert "A linear embedding of the features of a tiny network, with random weights and" in page
