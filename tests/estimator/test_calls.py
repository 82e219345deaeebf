"""What people call the estimator with: callbacks, scorers, other codings of labels, forks."""

from __future__ import annotations

import multiprocessing
import os
import warnings

import numpy as np
import pytest
import tensorflow as tf
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score

from keras_selflearn import SelfLearningClassifier
from keras_selflearn.console.errors import InputWarning
from keras_selflearn.losses.triplet import Triplet
from keras_selflearn.network import process

pytestmark = pytest.mark.slow
N = 48
BRIGHT = np.arange(N) % 2 == 1
IMAGES = np.random.default_rng(0).integers(0, 90, (N, 32, 32, 3), np.uint8)
IMAGES[BRIGHT] += 160
NAMES = np.where(BRIGHT, "day", "night")
SOME = np.where(np.arange(N) < 12, NAMES, "-1")


def classifier(**changes):
    options = {"weights": "random", "backbone": "tiny", "epochs": 20, "learning_rate": 1e-2}
    options.update(meta_iterations=0, random_state=0, precision="float32")
    return SelfLearningClassifier(**{**options, **changes})


@pytest.fixture(scope="module")
def fitted():
    return classifier().fit(IMAGES, SOME)


class Count(tf.keras.callbacks.Callback):
    """Counts epochs and steps, and keeps the rate of each step."""

    def __init__(self):
        super().__init__()
        self.epochs, self.rates = 0, []

    def on_epoch_end(self, epoch, logs=None):
        self.epochs += 1

    def on_train_batch_end(self, batch, logs=None):
        self.rates.append(float(self.model.optimizer.learning_rate.numpy()))


def test_early_stopping_ends_a_training():
    count = Count()
    stop = tf.keras.callbacks.EarlyStopping(monitor="loss", min_delta=1e9, patience=1)
    clf = classifier(meta_iterations=1, meta_epochs=1).fit(IMAGES, SOME, callbacks=[stop, count])
    # The first epoch is the best so far, the second is no better: then the next training.
    assert count.epochs == 2 + 1
    assert [record["gradient_steps"] for record in clf.history_] == [2, 1]


def test_a_stop_in_the_middle_of_an_epoch_ends_a_training():
    class Stop(tf.keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training = True

    clf = classifier(batch_size=4).fit(IMAGES, SOME, callbacks=[Stop()])
    assert clf.history_[0]["gradient_steps"] == 1


def test_a_rate_that_a_callback_sets_holds():
    class SetRate(tf.keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                self.model.optimizer.learning_rate.assign(1e-5)

    count = Count()
    options = {"epochs": 5, "meta_epochs": 1, "meta_iterations": 1, "self_learning_rate": 1e-3}
    classifier(**options, decay="cosine").fit(IMAGES, SOME, callbacks=[SetRate(), count])
    first, second, *held, meta = count.rates
    assert first > second > 1e-4
    np.testing.assert_allclose(held, 1e-5)
    assert meta > 1e-4  # the next training begins with its own


def test_a_callback_that_saves_the_model_works(tmp_path):
    path = str(tmp_path / "best.keras")
    save = tf.keras.callbacks.ModelCheckpoint(path, monitor="loss", save_best_only=True)
    clf = classifier(epochs=1).fit(IMAGES, SOME, callbacks=[save])
    loaded = tf.keras.models.load_model(path, compile=False)
    expected = clf.network_.trainer(IMAGES[:4], training=False)
    np.testing.assert_allclose(loaded(IMAGES[:4], training=False), expected, rtol=1e-4, atol=1e-5)


def test_unlabelled_images_are_not_counted_as_wrong(fitted):
    assert fitted.score(IMAGES, SOME) == fitted.score(IMAGES, NAMES) == 1
    wrong = np.where(np.arange(N) < 3, "day", SOME)  # of 12 labels, two of the three are "night"
    assert fitted.score(IMAGES, wrong) == pytest.approx(10 / 12)
    weights = np.where(np.arange(N) == 0, 11, 1)  # images 0 and 2 are wrong
    assert fitted.score(IMAGES, wrong, weights) == pytest.approx(10 / 22)
    with pytest.raises(ValueError, match="y holds no label but -1"):
        fitted.score(IMAGES, np.full(N, "-1"))


def test_cross_validation_leaves_unlabelled_images_out():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InputWarning)
        scores = cross_val_score(classifier(), IMAGES, SOME, cv=2)
        search = GridSearchCV(classifier(), {"epochs": [20]}, cv=2).fit(IMAGES, SOME)
    np.testing.assert_allclose(scores, 1)
    assert search.best_score_ == 1


def test_validation_images_without_a_label_are_left_out():
    labels = np.where(np.arange(N) < 40, NAMES, "-1")
    with pytest.warns(InputWarning, match="8 of 48 validation images have no label"):
        clf = classifier().fit(IMAGES, SOME, validation_data=(IMAGES, labels))
    assert clf.history_[-1]["test_accuracy"] == 100


@pytest.mark.parametrize("labels", [BRIGHT.astype(int), np.char.title(NAMES), BRIGHT + 1.5])
def test_labels_of_another_coding_are_an_error(fitted, labels):
    with pytest.raises(ValueError, match="has no label of training: it has .*'day', 'night'"):
        classifier().fit(IMAGES, SOME, validation_data=(IMAGES, labels))
    with pytest.raises(ValueError, match="y has no label of training"):
        fitted.score(IMAGES, labels)
    with pytest.raises(ValueError, match="true_labels has no label of training"):
        classifier().fit(IMAGES, SOME, true_labels=labels)


def test_labels_of_which_some_are_unknown_are_a_warning(fitted):
    labels = np.where(np.arange(N) < 12, "dusk", NAMES)
    with pytest.warns(InputWarning, match="does not have: 'dusk'. Training has 'day', 'night'"):
        assert fitted.score(IMAGES, labels) == 36 / 48


def test_parameters_of_the_loss_are_nested_parameters():
    clf = classifier(loss="triplet").set_params(loss__margin=0.5, epochs=3)
    assert clf.loss == Triplet(margin=0.5) and clf.epochs == 3
    assert clf.get_params()["loss__margin"] == 0.5
    assert clone(clf).loss == clf.loss
    other = clone(clf).set_params(loss__margin=0.7)
    assert (clf.loss.margin, other.loss.margin) == (0.5, 0.7)
    with pytest.raises(ValueError, match="did you mean 'loss__margin'"):
        clf.set_params(loss__margn=1)
    grid = {"loss__margin": [0.5, 1.5]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InputWarning)
        search = GridSearchCV(classifier(loss="triplet", epochs=1), grid, cv=2).fit(IMAGES, SOME)
    assert {each["loss__margin"] for each in search.cv_results_["params"]} == {0.5, 1.5}


@pytest.mark.parametrize(
    ("labels", "changes", "why"),
    [
        (np.where(np.arange(N) < 2, NAMES, "-1"), {}, "each class has one labelled image"),
        (SOME, {"batch_size": 1}, "batch_size is 1"),
    ],
)
def test_a_loss_without_pairs_is_warned_of(labels, changes, why):
    with pytest.warns(InputWarning, match=f"triplet loss compares .* and {why}"):
        classifier(loss="triplet", epochs=1, **changes).fit(IMAGES, labels)


def test_unlabelled_images_that_numpy_made_class_255_are_warned_of():
    labels = BRIGHT.astype(np.uint8)
    labels[20:] = np.array(-1).astype(np.uint8)
    with pytest.warns(InputWarning, match=r"class 255, .* make y with y.astype\(int\) first"):
        classifier(epochs=1).fit(IMAGES, labels)


def test_a_loss_that_needs_no_pairs_is_not():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        classifier(epochs=1).fit(IMAGES, np.where(np.arange(N) < 2, NAMES, "-1"))
    assert not [each for each in caught if "compares images" in str(each.message)]


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="no fork")
def test_a_forked_process_is_told_so(fitted):
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            fitted.predict(IMAGES)
            said = "nothing"
        except ValueError as error:
            said = str(error)
        os.write(write, said.encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert b"get_context('spawn')" in os.read(read, 4096)


def test_the_process_that_started_tensorflow_may_go_on(monkeypatch):
    monkeypatch.setattr(process, "_started_in", [])
    process.check_process()
    process.check_process()
    monkeypatch.setattr(process, "_started_in", [-1])
    with pytest.raises(ValueError, match="forked after TensorFlow had started"):
        process.check_process()
