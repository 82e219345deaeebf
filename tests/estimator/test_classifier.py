from __future__ import annotations

import inspect
import os
import re
import signal

import numpy as np
import pytest
import tensorflow as tf
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, ParameterGrid

from keras_selflearn import SelfLearningClassifier
from keras_selflearn.console.signals import Stopped, deferred, stop_signals
from keras_selflearn.losses import loss_names
from keras_selflearn.losses.triplet import Triplet
from keras_selflearn.options.config import ESTIMATOR_DEFAULTS
from keras_selflearn.storage.checkpoint import Checkpoints

N = 60
BRIGHT = np.arange(N) % 2 == 1
IMAGES = np.random.default_rng(0).integers(0, 90, (N, 32, 32, 3), np.uint8)
IMAGES[BRIGHT] += 160
NAMES = np.where(BRIGHT, "day", "night")
SOME = np.where(np.arange(N) < 12, NAMES, "-1")


def classifier(**changes):
    options = {
        "loss": "cross-entropy",
        "weights": "random",
        "backbone": "tiny",
        "epochs": 25,
        "meta_epochs": 2,
        "meta_iterations": 3,
        "selection_percent": 25,
        "learning_rate": 1e-2,
        "random_state": 0,
        "precision": "float32",
    }
    return SelfLearningClassifier(**{**options, **changes})


@pytest.fixture(scope="module")
def fitted():
    return classifier().fit(IMAGES, SOME, validation_data=(IMAGES, NAMES), true_labels=NAMES)


@pytest.mark.slow
@pytest.mark.parametrize("loss", loss_names())
def test_learns_what_can_be_seen(loss):
    clf = classifier(loss=loss).fit(IMAGES, SOME)
    assert clf.score(IMAGES, NAMES) == 1
    assert clf.transform(IMAGES).shape == (N, 256) and clf.transform(IMAGES).dtype == np.float32
    probabilities = clf.predict_proba(IMAGES)
    assert probabilities.shape == (N, 2)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_array_equal(clf.classes_[probabilities.argmax(axis=1)], clf.predict(IMAGES))


@pytest.mark.slow
def test_fit_leaves_what_it_learned_of_each_example(fitted):
    assert fitted.classes_.tolist() == ["day", "night"]
    given = SOME != "-1"
    np.testing.assert_array_equal(fitted.transduction_[given], NAMES[given])
    assert (fitted.labeled_iter_[given] == 0).all()
    assert [int((fitted.labeled_iter_ == i).sum()) for i in (1, 2, 3)] == [12, 9, 6]
    np.testing.assert_array_equal(fitted.transduction_ == "-1", fitted.labeled_iter_ == -1)
    np.testing.assert_array_equal(np.isnan(fitted.confidence_), fitted.labeled_iter_ <= 0)
    assert fitted.n_iter_ == 3 and fitted.termination_condition_ == "max_iter"


@pytest.mark.slow
def test_history_has_a_record_a_meta_iteration(fitted):
    assert [record["meta_iteration"] for record in fitted.history_] == [0, 1, 2, 3]
    assert [record["labelled"] for record in fitted.history_] == [12, 24, 33, 39]
    last = fitted.history_[-1]
    assert last["test_accuracy"] == 100 and last["selected_accuracy"] == 100


@pytest.mark.slow
@pytest.mark.parametrize(
    ("values", "unlabelled"),
    [
        (np.array([3, 7]), -1),
        (np.array([0.0, 2.0]), -1.0),
        (np.array(["a", "b"], object), -1),
        (np.array(["a", "b"], object), "-1"),
        (np.array([2, 10], object), -1),
        (np.array(["day and night", "b"]), "-1"),
    ],
)
def test_labels_of_any_dtype(values, unlabelled):
    labels = values[BRIGHT.astype(int)]
    some = labels.copy()
    some[12:] = unlabelled
    clf = classifier(meta_iterations=1).fit(
        IMAGES, some, validation_data=(IMAGES, labels), true_labels=labels
    )
    assert clf.score(IMAGES, np.array(labels.tolist())) == 1
    assert clf.history_[-1]["test_accuracy"] == 100
    assert clf.history_[-1]["selected_accuracy"] == 100
    assert clf.classes_.dtype == clf.transduction_.dtype == clf.predict(IMAGES).dtype == some.dtype
    np.testing.assert_array_equal(clf.transduction_ == unlabelled, clf.labeled_iter_ == -1)
    assert (clf.labeled_iter_ == -1).sum() == 36


@pytest.mark.slow
def test_train_first_selects_last():
    clf = classifier(order="train-first").fit(IMAGES, SOME)
    assert [record["labelled"] for record in clf.history_] == [12, 12, 24, 33]
    assert [int((clf.labeled_iter_ == i).sum()) for i in (1, 2, 3)] == [12, 9, 6]
    np.testing.assert_array_equal(clf.transduction_ == "-1", clf.labeled_iter_ == -1)
    assert clf.n_iter_ == 3


@pytest.mark.slow
def test_three_regimes_from_one_call():
    labelled_only = classifier(meta_iterations=0).fit(IMAGES, SOME)
    assert len(labelled_only.history_) == 1 and (labelled_only.transduction_ == "-1").sum() == 48
    all_labelled = classifier(meta_iterations=25, epochs=2).fit(IMAGES, NAMES)
    assert len(all_labelled.history_) == 1
    assert all_labelled.termination_condition_ == "all_labeled"


@pytest.mark.slow
def test_a_class_that_training_does_not_have_counts_as_wrong():
    others = np.where(np.arange(N) < 30, NAMES, "twilight")
    clf = classifier(meta_iterations=0).fit(IMAGES, SOME, validation_data=(IMAGES, others))
    assert clf.history_[0]["test_accuracy"] == 50


@pytest.mark.slow
def test_same_seed_same_result():
    tf.config.experimental.enable_op_determinism()
    first, second = (classifier().fit(IMAGES, SOME) for _ in range(2))
    np.testing.assert_array_equal(first.transform(IMAGES), second.transform(IMAGES))
    np.testing.assert_array_equal(first.labeled_iter_, second.labeled_iter_)


@pytest.mark.slow
def test_no_seed_takes_another_each_time():
    first, second = (
        classifier(random_state=None, epochs=1, meta_iterations=0).fit(IMAGES, SOME)
        for _ in range(2)
    )
    assert not np.array_equal(first.transform(IMAGES), second.transform(IMAGES))


@pytest.mark.slow
def test_memory_map_is_as_good_as_an_array_and_is_not_copied(tmp_path, fitted):
    np.save(tmp_path / "images.npy", IMAGES)
    mapped = np.load(tmp_path / "images.npy", mmap_mode="r")
    reads = []

    class Watched(np.memmap):
        def __getitem__(self, key):
            reads.append(np.size(key))
            return np.asarray(super().__getitem__(key))

    clf = classifier(meta_iterations=1, epochs=1).fit(mapped.view(Watched), SOME)
    assert max(reads) <= 200
    assert len(reads) > 3
    np.testing.assert_allclose(fitted.transform(mapped), fitted.transform(IMAGES), atol=1e-6)
    assert clf.image_shape_ == (32, 32, 3)


@pytest.mark.slow
def test_callbacks_see_epochs_and_meta_iterations():
    class Watch(tf.keras.callbacks.Callback):
        epochs, records = 0, ()

        def on_epoch_end(self, epoch, logs=None):
            self.epochs += 1

        def on_meta_iteration_end(self, record, learner):
            self.records += (record.meta_iteration,)

    watch = Watch()
    plain = tf.keras.callbacks.Callback()
    classifier(epochs=3, meta_epochs=2, meta_iterations=2).fit(
        IMAGES, SOME, callbacks=iter([watch, plain])
    )
    assert watch.epochs == 3 + 2 * 2 and watch.records == (0, 1, 2)


def test_parameters_follow_scikit_learn():
    clf = classifier(
        loss=Triplet(margin=0.5, distance="squared"),
        n_neighbors=3,
        validation_features="standardised",
        order="train-first",
    )
    copy = clone(clf)
    assert copy.get_params() == clf.get_params() and copy is not clf
    assert copy.set_params(epochs=7).epochs == 7
    assert clf.epochs == 25


def test_the_signature_is_short_and_has_the_declared_default():
    parameters = inspect.signature(SelfLearningClassifier.__init__).parameters
    assert len(parameters) <= 15
    assert parameters["weights"].default == ESTIMATOR_DEFAULTS["weights"]


@pytest.mark.parametrize("name", ESTIMATOR_DEFAULTS)
def test_each_option_is_a_parameter(name):
    clf = SelfLearningClassifier(**{name: "another"})
    assert clf.get_params() == {**SelfLearningClassifier().get_params(), name: "another"}
    assert SelfLearningClassifier().get_params()[name] == ESTIMATOR_DEFAULTS[name]
    assert clone(clf).get_params() == clf.get_params()
    assert repr(clf) == f"SelfLearningClassifier({name}='another')"
    assert getattr(SelfLearningClassifier().set_params(**{name: "another"}), name) == "another"
    assert f"\n{name} : " in SelfLearningClassifier.__doc__


def test_a_grid_search_takes_any_option():
    grid = {"ema_momentum": [0.0, 0.5], "loss": ["triplet"]}
    search = GridSearchCV(SelfLearningClassifier(), grid)
    candidates = [clone(search.estimator).set_params(**each) for each in ParameterGrid(grid)]
    assert [clf.ema_momentum for clf in candidates] == [0.0, 0.5]
    assert {clf.loss for clf in candidates} == {"triplet"}


def test_an_unknown_parameter_is_an_error_that_names_the_nearest():
    with pytest.raises(TypeError, match="'ema_momentun': did you mean 'ema_momentum'"):
        SelfLearningClassifier(ema_momentun=0.5)
    with pytest.raises(ValueError, match="ema_momentun"):
        SelfLearningClassifier().set_params(ema_momentun=0.5)


def test_a_notebook_shows_which_parameters_differ():
    clf = SelfLearningClassifier(loss="triplet", epochs=3)
    assert set(clf._get_params_html().non_default) == {"loss", "epochs"}


def test_defaults_are_the_paper_s():
    clf = SelfLearningClassifier()
    assert clf.weights == "imagenet" and clf.backbone == "vgg16"
    assert clf.embedding_size == 256 and clf.batch_size == 100
    assert clf.meta_iterations == 25 and clf.selection == "global"
    assert clf.n_neighbors == 1
    assert clf.order == "label-first" and clf.validation_features == "as-is"


@pytest.mark.slow
def test_validation_labels_of_another_kind_are_matched_by_their_text():
    numbers = np.where(BRIGHT, 10, 2)
    clf = classifier(meta_iterations=0).fit(
        IMAGES, numbers, validation_data=(IMAGES, numbers.astype(str))
    )
    assert clf.history_[0]["test_accuracy"] == 100


@pytest.mark.skipif(not hasattr(np.dtypes, "StringDType"), reason="NumPy 2 has it")
def test_variable_width_strings():
    some = SOME.astype(np.dtypes.StringDType())
    clf = classifier(meta_iterations=0).fit(IMAGES, some)
    assert clf.classes_.tolist() == ["day", "night"] and clf.classes_.dtype.kind == "U"


@pytest.mark.slow
def test_a_fit_that_fails_leaves_an_earlier_one_whole():
    clf = classifier(meta_iterations=0).fit(IMAGES, SOME)
    before = clf.predict(IMAGES)
    with pytest.raises(ValueError, match="no weights file"):
        clf.set_params(weights="missing.h5").fit(IMAGES, np.arange(N) % 5)
    np.testing.assert_array_equal(clf.predict(IMAGES), before)


@pytest.mark.slow
def test_a_diverging_loss_stops_in_a_sentence():
    with pytest.raises(ValueError, match="The loss became .*: try a lower learning rate"):
        classifier(learning_rate=1e30, meta_iterations=0).fit(IMAGES, SOME)


def test_validation_data_that_is_no_pair_is_an_error():
    with pytest.raises(ValueError, match="must be a pair"):
        classifier().fit(IMAGES, SOME, validation_data=IMAGES)


def test_predict_before_fit_is_an_error():
    for use in (classifier().predict, classifier().predict_proba, classifier().transform):
        with pytest.raises(ValueError, match="not fitted yet"):
            use(IMAGES)
    with pytest.raises(ValueError, match="not fitted yet"):
        classifier().score(IMAGES, NAMES)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (IMAGES.tolist(), "X is a list"),
        (IMAGES[0], r"X has shape \(32, 32, 3\)"),
        (IMAGES / 255, "X has dtype float64: give uint8"),
        (IMAGES[:0], "X holds no images"),
    ],
)
def test_bad_images_are_errors(images, message, fitted):
    with pytest.raises(ValueError, match=message):
        classifier().fit(images, SOME[: len(images)])
    with pytest.raises(ValueError, match=message):
        fitted.predict(images)


@pytest.mark.parametrize(
    ("images", "message"),
    [(IMAGES[:, :16], "Images are 16x32"), (IMAGES[..., [0, 1, 2, 0]], "4 channels")],
)
def test_images_of_a_bad_shape_are_errors(images, message, fitted):
    with pytest.raises(ValueError, match=message):
        classifier().fit(images, SOME)
    with pytest.raises(ValueError, match=r"the classifier is for \(32, 32, 3\)"):
        fitted.predict(images)


def test_too_many_neighbours_are_noticed_before_training():
    class NoTraining(tf.keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            raise AssertionError("training began")

    with pytest.raises(ValueError, match="n_neighbors is 13, but only 12 images are labelled"):
        classifier(loss="triplet", n_neighbors=13).fit(IMAGES, SOME, callbacks=[NoTraining()])


def test_images_of_another_size_are_an_error(fitted):
    with pytest.raises(ValueError, match=r"the classifier is for \(32, 32, 3\)"):
        fitted.predict(np.zeros((1, 40, 32, 3), np.uint8))


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (SOME[:-1], r"y has shape \(59,\) for 60 images"),
        (np.where(SOME == "night", "-1", SOME), r"fewer than two classes \(1\)"),
        (np.full(N, -1), r"fewer than two classes \(0\)"),
        (np.where(BRIGHT, 1.0, np.nan), "y holds NaN"),
        (np.where(BRIGHT, "day", None), "y has dtype object"),
        (np.where(BRIGHT, np.array("day", object), np.nan), "y holds NaN"),
        (np.full(N, 1j), "y has dtype complex128"),
        (None, "y is missing: give one label an image"),
    ],
)
def test_bad_labels_are_errors(labels, message):
    with pytest.raises(ValueError, match=message):
        classifier().fit(IMAGES, labels)


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("loss", "arcfce"),
        ("weights", "imagnet"),
        ("selection_percent", 0),
        ("selection", "best"),
        ("reference", "none"),
        ("validation_features", "scaled"),
        ("order", "train-last"),
        ("n_neighbors", 0),
        ("n_neighbors", 13),
        ("meta_iterations", -1),
        ("meta_iterations", 1.5),
        ("selection_percent", "5"),
        ("selection_percent", (5, 0)),
        ("selection_percent", (5, 10)),
        ("learning_rate", float("inf")),
        ("learning_rate", "fast"),
        ("weights", None),
        ("augment", None),
        ("dropout", None),
        ("epochs", 0),
        ("batch_size", 0),
        ("embedding_size", 0),
        ("optimizer", "adamm"),
        ("learning_rate", 0.0),
        ("self_learning_rate", -1.0),
        ("dropout", 1.0),
        ("steps", 0),
        ("meta_steps", 1.5),
        ("settled_epochs", 0),
        ("decay", "linear"),
        ("warmup", 1.0),
        ("warmup", -0.1),
        ("ema_momentum", 1.0),
        ("evaluate_every", 0),
        ("augment", "zooms"),
        ("pseudo_augment", "grey"),
        ("labelled_share", 0.0),
        ("labelled_share", 1.0),
        ("targets", "soft"),
        ("precision", "half"),
        ("strategy", "mirrord"),
        ("random_state", -1),
    ],
)
def test_bad_parameters_are_errors_that_name_the_value(parameter, value):
    with pytest.raises(ValueError, match=re.escape(str(value))):
        classifier(**{"loss": "triplet", parameter: value}).fit(IMAGES, SOME)


class EndAt(tf.keras.callbacks.Callback):
    """Sends a signal to, or raises an error in, the gradient step of this number."""

    def __init__(self, step, how):
        super().__init__()
        self.step, self.how = step, how

    def on_train_batch_end(self, batch, logs=None):
        self.step -= 1
        if self.step == 0:
            if isinstance(self.how, BaseException):
                raise self.how
            os.kill(os.getpid(), self.how)


class Resumed(tf.keras.callbacks.Callback):
    """Notes what it is told of: the records that were there, and those that come."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def on_resume(self, history):
        self.seen.append([record["meta_iteration"] for record in history])

    def on_meta_iteration_end(self, record, learner):
        self.seen.append(record.meta_iteration)


SHORT = {"loss": "triplet", "epochs": 3, "meta_epochs": 2, "meta_iterations": 2}
SHORT.update(batch_size=5, augment="shift,flip", decay="cosine")


def keep(folder, *, minutes=5.0, callbacks=(), **changes):
    checkpoints = Checkpoints(folder, minutes=minutes)
    return classifier(**{**SHORT, **changes}).fit(
        IMAGES,
        SOME,
        validation_data=(IMAGES, NAMES),
        true_labels=NAMES,
        callbacks=callbacks,
        checkpoints=checkpoints,
    )


def assert_same_fit(found, expected):
    assert found.history_ == expected.history_
    for name in ("transduction_", "labeled_iter_", "confidence_"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
    weights = (each.network_.trainer.get_weights() for each in (found, expected))
    for one, other in zip(*weights):
        np.testing.assert_array_equal(one, other)


@pytest.fixture(scope="module")
def never_stopped():
    tf.config.experimental.enable_op_determinism()
    return classifier(**SHORT).fit(IMAGES, SOME, validation_data=(IMAGES, NAMES), true_labels=NAMES)


@pytest.mark.slow
def test_checkpoints_change_nothing(tmp_path, never_stopped):
    told = Resumed()
    assert_same_fit(keep(tmp_path / "kept", callbacks=[told], minutes=1e-9), never_stopped)
    assert told.seen == [[], 0, 1, 2]
    assert len(os.listdir(tmp_path / "kept")) == 2


@pytest.mark.slow
@pytest.mark.parametrize(("step", "told_of"), [(4, []), (9, []), (13, [0])])
def test_a_fit_that_is_told_to_stop_keeps_that_step(tmp_path, never_stopped, step, told_of):
    end = EndAt(step, signal.SIGTERM)
    with pytest.raises(Stopped), stop_signals(), deferred():
        keep(tmp_path, callbacks=[end])
    assert end.step == 0  # no step was done after it
    kept = Checkpoints(tmp_path).latest()
    done = sum(record["gradient_steps"] for record in kept.numbers["history"])
    assert done + kept.numbers["learner"]["progress"]["steps"] == step
    told = Resumed()
    assert_same_fit(keep(tmp_path, callbacks=[told]), never_stopped)
    assert told.seen[0] == told_of


@pytest.mark.slow
@pytest.mark.parametrize("minutes", [1e-9, 5.0], ids=["kept at each step", "and at the ends only"])
def test_a_fit_that_breaks_off_goes_on_from_the_last_checkpoint(tmp_path, never_stopped, minutes):
    for step in (3, 6, 2):  # one after the other
        with pytest.raises(RuntimeError, match="power cut"):
            keep(tmp_path, callbacks=[EndAt(step, RuntimeError("power cut"))], minutes=minutes)
    assert_same_fit(keep(tmp_path), never_stopped)


@pytest.mark.slow
def test_a_fit_that_is_done_is_not_done_again(tmp_path, never_stopped):
    keep(tmp_path)
    told, end = Resumed(), EndAt(1, RuntimeError("trained"))
    again = keep(tmp_path, callbacks=[told, end])
    assert_same_fit(again, never_stopped)
    assert told.seen == [[0, 1, 2]]
    np.testing.assert_array_equal(again.predict(IMAGES), never_stopped.predict(IMAGES))


@pytest.mark.slow
def test_checkpoints_of_other_parameters_or_data_are_refused(tmp_path):
    keep(tmp_path, meta_iterations=0)
    message = "is of another run: dropout was 0.2 and is 0.5; loss margin was 1.0 and is 0.3. Ask"
    with pytest.raises(ValueError, match=message):
        keep(tmp_path, meta_iterations=0, dropout=0.5, loss=Triplet(margin=0.3))
    options = {**SHORT, "meta_iterations": 0}
    for images, labels, what in (
        (255 - IMAGES, SOME, "images"),
        (IMAGES[:-1], SOME[:-1], "images"),
        (IMAGES, np.roll(SOME, 2), "labels"),
    ):
        with pytest.raises(ValueError, match=f"is of another run: {what} was"):
            classifier(**options).fit(images, labels, checkpoints=Checkpoints(tmp_path))


@pytest.mark.slow
def test_the_lower_rate_that_an_error_advises_is_not_refused(tmp_path):
    wrong = {"meta_iterations": 1, "meta_epochs": 5}
    with pytest.raises(ValueError, match="try a lower learning rate"):
        keep(tmp_path, **wrong, self_learning_rate=1e30)
    assert Checkpoints(tmp_path).latest() is not None
    right = keep(tmp_path, **wrong, self_learning_rate=1e-3)
    assert len(right.history_) == 2
    with pytest.raises(ValueError, match="is of another run: self_learning_rate was 0.001 and is"):
        keep(tmp_path, **wrong, self_learning_rate=1e30)


@pytest.mark.slow
def test_an_option_that_a_fit_does_not_use_may_change(tmp_path):
    options = {"loss": "cross-entropy", "meta_iterations": 0}
    first = keep(tmp_path, **options)
    again = keep(tmp_path, **options, n_neighbors=3, meta_epochs=9, reference="all")
    assert again.history_ == first.history_


def test_checkpoints_need_a_seed(tmp_path):
    with pytest.raises(ValueError, match="checkpoints need a random_state"):
        keep(tmp_path / "new", random_state=None)
    assert not (tmp_path / "new").exists()


@pytest.mark.slow
def test_a_stop_without_checkpoints_stops():
    with pytest.raises(Stopped), stop_signals(), deferred():
        classifier().fit(IMAGES, SOME, callbacks=[EndAt(2, signal.SIGTERM)])


@pytest.mark.slow
def test_pseudo_labels_know_the_labelled_example_they_were_matched_to():
    clf = classifier(loss="triplet", reference="all").fit(IMAGES, SOME)
    chosen = clf.labeled_iter_ > 0
    assert (clf.matched_[~chosen] == -1).all()
    matched = clf.matched_[chosen]
    np.testing.assert_array_equal(clf.transduction_[matched], clf.transduction_[chosen])
    assert (clf.labeled_iter_[matched] >= 0).all()
    assert (clf.labeled_iter_[matched] < clf.labeled_iter_[chosen]).all()
    np.testing.assert_array_equal(clf.reference_, np.flatnonzero(clf.labeled_iter_ >= 0))


def test_cross_entropy_matches_none(fitted):
    assert (fitted.matched_ == -1).all() and len(fitted.reference_) == 0


@pytest.mark.slow
@pytest.mark.parametrize("loss", ["cross-entropy", "triplet"])
def test_held_out_examples_are_measured_and_nothing_else(loss):
    held_out = np.array([3, 6])
    names = NAMES.copy()
    names[held_out] = "day"  # of 3 right, of 6 wrong
    given = np.where(SOME == "-1", "-1", names)
    clf = classifier(loss=loss).fit(IMAGES, given, held_out=held_out)
    assert clf.history_[0]["labelled"] == 10
    assert clf.history_[-1]["test_accuracy"] == 50
    assert (clf.transduction_[held_out] == "-1").all()
    assert (clf.labeled_iter_[held_out] == -1).all()
    assert not np.isin(held_out, clf.reference_).any()


@pytest.mark.parametrize(
    ("held_out", "match"),
    [
        ([12], "indices of labelled images"),
        ([0.5], "indices of labelled images"),
        ([[0]], "indices of labelled images"),
        (np.arange(0, 12, 2), "leaves a class without"),
    ],
)
def test_held_out_examples_that_can_t_be_are_refused(held_out, match):
    with pytest.raises(ValueError, match=match):
        classifier().fit(IMAGES, SOME, held_out=held_out)


@pytest.mark.slow
def test_none_is_labelled_that_is_less_sure_than_asked_for():
    free = classifier().fit(IMAGES, SOME)
    least = float(np.nanmedian(free.confidence_))
    clf = classifier(min_confidence=least).fit(IMAGES, SOME)
    assert np.nanmin(clf.confidence_) >= least
    none = classifier(loss="triplet", min_confidence=0).fit(IMAGES, SOME)
    assert none.termination_condition_ == "no_change" and none.n_iter_ == 1
    assert np.isnan(none.confidence_).all()


@pytest.mark.parametrize(
    ("loss", "value", "bounds"),
    [
        ("cross-entropy", 50, "at least 0 and at most 1"),
        ("cross-entropy", float("nan"), "at least 0 and at most 1"),
        ("triplet", 0.5, "at least -2 and at most 0"),
        ("arcface", -3, "at least -2 and at most 0"),
    ],
)
def test_a_confidence_is_one_of_the_loss(loss, value, bounds):
    with pytest.raises(ValueError, match=f"min_confidence is .*: give a number {bounds}"):
        classifier(loss=loss, min_confidence=value).fit(IMAGES, SOME)


def test_the_distance_of_embeddings_of_any_length_has_no_bound():
    class AnyLength(Triplet):
        normalized = False

    classifier(loss=AnyLength(), min_confidence=-500).check_parameters()
    with pytest.raises(ValueError, match="min_confidence is 0.5: give a number at most 0"):
        classifier(loss=AnyLength(), min_confidence=0.5).check_parameters()
