"""A run that is gone on with must be, bit for bit, the one that was never stopped."""

from __future__ import annotations

import copy
import functools
import json
import random
import tempfile
from dataclasses import asdict, replace
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from number_formats import SOME_MIXED
from own_models import own_model

from keras_selflearn.console.errors import InputError
from keras_selflearn.estimator.resuming import Resuming
from keras_selflearn.labelling import make_labeller
from keras_selflearn.losses import get_objective
from keras_selflearn.network.embedding import embed
from keras_selflearn.network.model import build_network
from keras_selflearn.selflearning.examples import Examples
from keras_selflearn.selflearning.learner import LearnerState
from keras_selflearn.selflearning.loop import keep_all, self_learning
from keras_selflearn.selflearning.selection import select
from keras_selflearn.selflearning.state import RunState
from keras_selflearn.storage.checkpoint import Checkpoints
from keras_selflearn.storage.digest import sha256_of_array
from keras_selflearn.training.embedding_labelling import EmbeddingLabelling
from keras_selflearn.training.learner import KerasLearner
from keras_selflearn.training.meta_training import BatchTraining
from keras_selflearn.training.schedule import Schedule

pytestmark = pytest.mark.slow

N = 40
TRUTH = np.arange(N) % 2
IMAGES = np.random.default_rng(0).integers(0, 250, (N, 32, 32, 3), np.uint8)
GIVEN = np.where(np.arange(N) < 12, TRUTH, -1)
META_ITERATIONS = 2

# Twelve examples make two batches of five and one of two.
EPOCHS = {"first": Schedule(epochs=2, learning_rate=1e-2, decay="cosine")}
EPOCHS["meta"] = Schedule(epochs=1, learning_rate=1e-3, decay="cosine")
STEPS = {"first": Schedule(epochs=9, steps=8, learning_rate=1e-2, decay="cosine", warmup=0.3)}
STEPS["meta"] = Schedule(epochs=9, steps=7, learning_rate=1e-3, decay="cosine")
SETTLED = {"first": Schedule(epochs=5, learning_rate=1e-5, settled_epochs=2)}
SETTLED["meta"] = Schedule(epochs=4, learning_rate=1e-6, settled_epochs=1)
AVERAGE = {"first": Schedule(epochs=9, steps=24, learning_rate=1e-2, ema_momentum=0.9)}
AVERAGE["meta"] = Schedule(epochs=9, steps=12, learning_rate=1e-3, ema_momentum=0.8)


MIXED = functools.partial(
    BatchTraining,
    starts_anew=True,
    labelled_share=0.4,
    has_soft_targets=True,
    pseudo_augmentations=("brightness", "rotate", "square"),
)
WEIGHED = functools.partial(BatchTraining, has_soft_targets=True, weighs_by_confidence=True)
CLASSES_OF_TWO = functools.partial(BatchTraining, images_per_class=2)
CASES = {
    "cross-entropy": {"trainings": STEPS},
    "cross-entropy average": {"precision": SOME_MIXED, "trainings": AVERAGE},
    "cross-entropy settled": {"order": "train-first", "trainings": SETTLED},
    "cross-entropy mixed": {"way": MIXED, "precision": "mixed_float16", "trainings": AVERAGE},
    "cross-entropy statistics": {"has_statistics": True, "trainings": STEPS},
    "cross-entropy batch statistics": {
        "has_statistics": True,
        "batch_statistics": True,
        "way": MIXED,
        "trainings": AVERAGE,
    },
    "cross-entropy shares": {"percent": (30, 60), "revises": True, "trainings": STEPS},
    "cross-entropy weights": {"way": WEIGHED, "trainings": EPOCHS},
    "cross-entropy+triplet": {"trainings": STEPS},
    "triplet": {"trainings": EPOCHS},
    "triplet classes": {"way": CLASSES_OF_TWO, "trainings": EPOCHS},
    "triplet all": {"reference": "all", "trainings": STEPS, "optimizer": "rmsprop"},
    "triplet float16": {"precision": "mixed_float16", "trainings": EPOCHS},
    "triplet train-first": {"order": "train-first", "reference": "all", "trainings": EPOCHS},
}


class Watched(KerasLearner):
    """Tells of all moments between two steps of a meta-iteration, too."""

    def train(self, examples, meta_iteration):
        self._after_step()
        return super().train(examples, meta_iteration)

    def label(self, indices):
        self._after_step()
        return super().label(indices)

    def test_accuracy(self):
        self._after_step()
        return super().test_accuracy()


class Run:
    """A self-learning run of a case, begun with global generators of its own."""

    def __init__(self, case, seed):
        tf.config.experimental.enable_op_determinism()
        tf.keras.utils.set_random_seed(seed)
        options = CASES[case]
        own = options.get("has_statistics", False)
        objective = get_objective(case.split()[0])
        network = build_network(
            backbone=own_model(size=32) if own else "tiny",
            weights="own" if own else "random",
            image_shape=(32, 32, 3),
            n_classes=2,
            objective=objective,
            embedding_size=8,
            dropout=0.3,
            optimizer=options.get("optimizer", "adam"),
            learning_rate=1.0,
            precision=options.get("precision", "float32"),
            seed=5,
            batch_statistics=options.get("batch_statistics", False),
        )
        self.order = options.get("order", "label-first")
        self.percent = options.get("percent", 30)
        is_revised = options.get("revises", False)
        self.before_labelling = Examples.without_pseudo_labels if is_revised else keep_all
        self.n_probabilities = 2 if "way" in options else 0
        self.after_step = lambda: None
        self.learner = Watched(
            network,
            EmbeddingLabelling(
                functools.partial(embed, network),
                IMAGES,
                functools.partial(
                    make_labeller,
                    objective.labelling,
                    head=objective.logits_head(network.head),
                    n_classes=2,
                ),
                reference=options.get("reference", "initial"),
                gives_probabilities="way" in options,
            ),
            IMAGES,
            n_classes=2,
            test_data=(IMAGES, TRUTH),
            first_schedule=options["trainings"]["first"],
            meta_schedule=options["trainings"]["meta"],
            meta_training=options.get("way", BatchTraining)(5, ("shift", "flip"), 5),
            after_step=lambda: self.after_step(),
        )
        self.begin(None)

    def begin(self, checkpoints):
        """Start anew, with these checkpoints; `resume` goes to the last of them."""
        self.state = RunState(Examples.from_labels(GIVEN, self.n_probabilities))
        identity = {"order": self.order, "meta_iterations": META_ITERATIONS}
        self.resuming = Resuming(checkpoints, identity)

    def resume(self):
        self.state = self.resuming.begin(self.learner, self.state)

    def finish(self):
        for state in self_learning(
            self.state,
            self.learner,
            meta_iterations=META_ITERATIONS,
            select=functools.partial(select, percent=self.percent),
            order=self.order,
            before_labelling=self.before_labelling,
            true_labels=TRUTH,
        ):
            self.state = state
            self.resuming.follow(state)
        return self.result()

    def result(self):
        numbers = self.learner.state().numbers
        arrays = dict(self.learner.state().arrays, **vars(self.state.examples))
        history = [asdict(record) for record in self.state.history]
        return [*history, numbers], {name: each.copy() for name, each in arrays.items()}


@functools.cache
def whole(case):
    """The result of a run that is never stopped, and a checkpoint of each moment of it."""
    run, moments = Run(case, seed=1), []
    with tempfile.TemporaryDirectory() as folder:
        checkpoints = Checkpoints(folder)
        run.begin(checkpoints)
        run.resume()

        def keep():
            run.resuming.save()
            moments.append(checkpoints.latest())

        run.after_step = keep
        return run.finish(), moments


@functools.cache
def fresh(case):
    return Run(case, seed=2)


def goes_on(case, checkpoint):
    run = fresh(case)
    given = {"folder": "there", "given_up": False}
    run.begin(SimpleNamespace(latest=lambda: copy.deepcopy(checkpoint), **given))
    run.resume()
    return run.finish()


def assert_same(found, expected):
    assert found[0] == expected[0]
    assert found[1].keys() == expected[1].keys()
    for name, array in expected[1].items():
        np.testing.assert_array_equal(found[1][name], array, err_msg=name)


@pytest.mark.parametrize("case", CASES)
def test_a_run_gone_on_with_from_any_moment_is_the_one_never_stopped(case):
    result, moments = whole(case)
    steps = sum(record["gradient_steps"] for record in result[0][:-1])
    assert len(moments) == steps + 3 + 2 + 3  # trainings, labellings, measurements

    @settings(derandomize=True, deadline=None, max_examples=4, database=None)
    @given(st.integers(0, len(moments) - 1), st.integers(0, 2**31))
    def check(moment, seed):
        tf.keras.utils.set_random_seed(seed)
        assert_same(goes_on(case, moments[moment]), result)

    check()


@pytest.mark.parametrize(("meta_iteration", "steps"), [(0, 15), (2, 10)])
def test_a_run_gone_on_with_has_the_average_so_far(meta_iteration, steps):
    result, moments = whole("cross-entropy average")
    (moment,) = (
        moment
        for moment in moments
        if moment.numbers["position"]["meta_iteration"] == meta_iteration
        and moment.numbers["learner"]["progress"]["steps"] == steps
    )
    assert_same(goes_on("cross-entropy average", moment), result)


@pytest.mark.parametrize("case", ["cross-entropy", "triplet"])
def test_training_draws_nothing_from_the_global_generators(case):
    moments = whole(case)[1]
    fresh(case)
    before = random.getstate(), np.random.get_state()
    goes_on(case, moments[0])
    assert random.getstate() == before[0]
    for now, then in zip(np.random.get_state(), before[1]):
        np.testing.assert_array_equal(now, then)


def test_a_training_of_the_cases_settles():
    history = whole("cross-entropy settled")[0][0][:-1]
    assert history[0]["gradient_steps"] < 5 * 3


def test_a_checkpoint_of_another_run_is_refused_with_the_differences():
    checkpoint = copy.deepcopy(whole("triplet")[1][5])
    checkpoint.numbers["identity"]["order"] = "train-first"
    checkpoint.numbers["identity"]["keras_selflearn"] = "0.0.1"
    with pytest.raises(InputError, match="keras_selflearn was '0.0.1'.*order was 'train-first'"):
        goes_on("triplet", checkpoint)


def under_way():
    """A checkpoint in the training of meta-iteration 1, of which labelling is done."""
    for moment in whole("triplet")[1]:
        is_there = moment.numbers["position"]["meta_iteration"] == 1
        if is_there and moment.numbers["learner"]["progress"]["steps"] == 2:
            return copy.deepcopy(moment)


def numbers_at(path, value):
    def change(checkpoint):
        *folders, name = path.split(".")
        where = checkpoint.numbers
        for folder in folders:
            where = where[int(folder) if folder.isdecimal() else folder]
        if value is None:
            del where[name]
        else:
            where[name] = value

    return pytest.param(change, id=f"{path}={json.dumps(value)}"[:60])


def array_of(name, make):
    def change(checkpoint):
        checkpoint.arrays[name] = make(checkpoint.arrays[name].copy())

    return pytest.param(change, id=name)


def put(index, value):
    def change(array):
        array[index] = value
        return array

    return change


LOSSES = "learner.progress.losses"


@pytest.mark.parametrize(
    "change",
    [
        numbers_at("identity", None),
        numbers_at("identity", [1]),
        numbers_at("position", None),
        numbers_at("position", 3),
        numbers_at("position.steps", 99),
        numbers_at("position.steps", 3),
        numbers_at("position.steps", -1),
        numbers_at("position.steps", 0),
        numbers_at("position.steps", 2),
        numbers_at("position.steps", 1.0),
        numbers_at("position.meta_iteration", -1),
        numbers_at("position.meta_iteration", 0),
        numbers_at("position.meta_iteration", 2),
        numbers_at("position.meta_iteration", 2**70),
        numbers_at("position.meta_iteration", "1"),
        numbers_at("position.extra", 1),
        numbers_at("position.results", {}),
        numbers_at("position.results", [1]),
        numbers_at("position.results.selected", -3),
        numbers_at("position.results.selected", float("nan")),
        numbers_at("position.results.selected_accuracy", "good"),
        numbers_at("position.results.loss", 1.0),
        numbers_at("history", None),
        numbers_at("history", 7),
        numbers_at("history", {"a": 1}),
        numbers_at("history", []),
        numbers_at("history", ["no record"]),
        numbers_at("history", [{"labelled": 12}]),
        numbers_at("history.0.extra", 1),
        numbers_at("history.0.loss", float("inf")),
        numbers_at("history.0.loss", []),
        numbers_at("history.0.meta_iteration", 1),
        numbers_at("learner", None),
        numbers_at("learner", [1]),
        numbers_at("learner.keras_epochs", None),
        numbers_at("learner.keras_epochs", -1),
        numbers_at("learner.data_epochs", -1),
        numbers_at("learner.data_epochs", "2"),
        numbers_at("learner.meta_iteration", 2**40),
        numbers_at("learner.earlier_steps", -1),
        numbers_at("learner.progress", None),
        numbers_at("learner.progress", "steps"),
        numbers_at("learner.progress.steps", 99),
        numbers_at("learner.progress.steps", -1),
        numbers_at("learner.progress.steps", 0),
        numbers_at("learner.progress.steps", True),
        numbers_at(LOSSES, [1.0]),
        numbers_at(LOSSES, [float("nan")]),
        numbers_at(LOSSES, 1),
        numbers_at("learner.progress.sums", [1.0]),
        numbers_at("learner.progress.sums", [0.0, 0.0]),
        numbers_at("learner.progress.sums", [float("nan"), 1.0]),
        numbers_at("learner.progress.sums", ["a", "b"]),
        array_of("labels", put(0, 1)),
        array_of("labels", put(-1, 2)),
        array_of("labels", put(-1, -2)),
        array_of("labels", lambda array: array[:-1]),
        array_of("labels", lambda array: array[:1]),
        array_of("labels", lambda array: array.astype(float)),
        array_of("labels", lambda array: array.astype(str)),
        array_of("labels", np.ones_like),
        array_of("labelled_in", put(0, 1)),
        array_of("labelled_in", put(-1, 0)),
        array_of("labelled_in", lambda array: array * 50),
        array_of("confidence", put(0, 1.0)),
        array_of("confidence", lambda array: array * np.nan),
        array_of("last", put(0, 1)),
        array_of("last", put(-1, 2)),
        array_of("last", lambda array: np.full_like(array, -1)),
        array_of("flips", put(0, 1)),
        array_of("flips", put(-1, -1)),
        array_of("flips", lambda array: array + 1),
        array_of("nearest", put(0, 1)),
        array_of("nearest", put(-1, N)),
        array_of("learner-reference", lambda array: array + N),
        array_of("learner-reference", lambda array: array - 1),
        array_of("learner-reference", lambda array: array[:0]),
        array_of("learner-reference", lambda array: array[::-1]),
        array_of("learner-reference", lambda array: array[:, None]),
        array_of("learner-reference", lambda array: array.astype(float)),
        array_of("learner-variable-0", lambda array: array[..., :1]),
        array_of("learner-variable-0", lambda array: array.astype(np.float64)),
        array_of("learner-variable-0", lambda array: array.astype(str)),
    ],
)
def test_a_checkpoint_that_can_t_be_is_refused_and_changes_nothing(change):
    checkpoint = under_way()
    change(checkpoint)
    run = fresh("triplet")
    run.begin(SimpleNamespace(latest=lambda: checkpoint, folder="there", given_up=False))
    before, before_it = run.result(), run.state
    with pytest.raises(InputError, match="The checkpoint in there (does not fit|is of another)"):
        run.resume()
    assert run.state is before_it
    assert_same(run.result(), before)


@pytest.mark.parametrize(
    "name",
    ["labels", "labelled_in", "confidence", "nearest", "learner-reference", "learner-variable-0"],
)
def test_a_checkpoint_without_an_array_is_refused(name):
    checkpoint = under_way()
    del checkpoint.arrays[name]
    with pytest.raises(InputError, match=f"does not fit.*{name.replace('learner-', '')}"):
        goes_on("triplet", checkpoint)


def test_labels_come_back_as_they_were_not_as_they_are_spread_out():
    state = LearnerState({}, {"labels": np.array(1)})
    with pytest.raises(ValueError, match=r"the array labels is int64 \(\), not int64 \(40,\)"):
        state.array("labels", (40,), np.int64)
    start = Examples.from_labels(GIVEN)
    with pytest.raises(ValueError, match=r"the array labels is int64 \(\), not int64 \(40,\)"):
        replace(start, labels=np.array(1)).check_continues(start, 0)


def test_digest_is_that_of_the_values_in_order():
    array = np.arange(12).reshape(3, 4)
    assert (
        sha256_of_array(array)
        == sha256_of_array(array.copy(order="F"))
        != sha256_of_array(array + 1)
    )
