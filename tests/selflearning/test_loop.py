"""The loop with a learner that knows the answers, so that its logic is tested in milliseconds."""

from __future__ import annotations

import functools
from dataclasses import asdict, fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_selflearn.selflearning.examples import LEFT_OUT, UNLABELLED, Examples
from keras_selflearn.selflearning.loop import self_learning
from keras_selflearn.selflearning.record import check_figures
from keras_selflearn.selflearning.selection import select
from keras_selflearn.selflearning.state import ORDERS, Position, RunState
from keras_selflearn.selflearning.trust import UntrustworthyError

TRUTH = np.arange(20) % 4


class StubLearner:
    """Predicts the truth but for `mistakes`; is surer of examples with a lower index."""

    def __init__(self, mistakes=()):
        self.mistakes = list(mistakes)
        self.calls = []
        self.evaluations = []
        self.trained_on = []

    def train(self, examples, meta_iteration):
        self.calls.append(f"train {meta_iteration}")
        self.trained_on.append(examples.labelled.tolist())
        return 1 / len(examples.labelled), 10 * (meta_iteration + 1)

    def label(self, indices):
        self.calls.append(f"label {len(indices)}")
        labels = TRUTH[indices].copy()
        labels[np.isin(indices, self.mistakes)] = 9
        return labels, -indices.astype(float), indices % 4

    def test_accuracy(self):
        self.evaluations.append(self.calls[-1])
        return 100.0 - len(self.mistakes)


def start(n_labelled=4):
    return Examples.from_labels(np.where(np.arange(20) < n_labelled, TRUTH, UNLABELLED))


def run(learner, examples, **options):
    """The last state of a run."""
    begun = RunState(examples)
    return [begun, *self_learning(begun, learner, **options)][-1]


def records_of(learner, examples, **options):
    return list(run(learner, examples, **options).history)


def take(number):
    """Selects the `number` most confident, in the order of their confidence."""
    return lambda labels, confidence, meta_iteration: np.argsort(-confidence)[:number]


def test_trains_then_labels_merges_and_retrains():
    learner = StubLearner()
    run(learner, start(), meta_iterations=2, select=take(5))
    assert learner.calls == ["train 0", "label 16", "train 1", "label 11", "train 2"]
    assert learner.trained_on == [list(range(4)), list(range(9)), list(range(14))]


def test_examples_remember_label_meta_iteration_and_confidence():
    examples = run(StubLearner([7]), start(), meta_iterations=2, select=take(5)).examples
    assert examples.labelled_in.tolist() == [0] * 4 + [1] * 5 + [2] * 5 + [-1] * 6
    assert examples.labels[:14].tolist() == [0, 1, 2, 3, 0, 1, 2, 9, 0, 1, 2, 3, 0, 1]
    assert (examples.labels[14:] == UNLABELLED).all()
    assert np.isnan(examples.confidence[:4]).all() and np.isnan(examples.confidence[14:]).all()
    assert examples.confidence[4:14].tolist() == [-float(i) for i in range(4, 14)]
    assert examples.initially_labelled.tolist() == [0, 1, 2, 3]


def test_records_say_what_happened():
    records = records_of(
        StubLearner([7, 19]), start(), meta_iterations=1, select=take(5), true_labels=TRUTH
    )
    first, second = records
    assert (first.meta_iteration, first.labelled, first.selected, first.remaining) == (0, 4, 0, 16)
    assert first.selected_accuracy is None and first.unlabelled_accuracy is None
    assert (second.meta_iteration, second.labelled, second.selected) == (1, 9, 5)
    assert second.remaining == 11
    assert second.selected_accuracy == pytest.approx(80)
    assert second.unlabelled_accuracy == pytest.approx(100 * 14 / 16)
    assert second.test_accuracy == 98
    assert second.loss == pytest.approx(1 / 9)
    assert (first.gradient_steps, second.gradient_steps) == (10, 20)


@pytest.mark.parametrize(
    ("every", "measured"), [(1, [0, 1, 2, 3, 4]), (2, [0, 2, 4]), (3, [0, 3, 4]), (9, [0, 4])]
)
@pytest.mark.parametrize("order", ORDERS)
def test_accuracy_is_measured_now_and_then_and_at_the_end(order, every, measured):
    # Four meta-iterations, either as many as are asked for or because nothing is left.
    for meta_iterations, number in ((4, 3), (9, 4)):
        learner = StubLearner()
        records = records_of(
            learner,
            start(),
            meta_iterations=meta_iterations,
            select=take(number),
            order=order,
            evaluate_every=every,
        )
        assert len(records) == 5
        found = [each.meta_iteration for each in records if each.test_accuracy is not None]
        assert found == measured
        assert len(learner.evaluations) == len(measured)


def test_train_first_never_trains_on_the_last_selection():
    learner = StubLearner()
    examples = run(
        learner, start(), meta_iterations=2, select=take(5), order="train-first"
    ).examples
    assert learner.calls == ["train 0", "train 1", "label 16", "train 2", "label 11"]
    assert learner.trained_on == [list(range(4)), list(range(4)), list(range(9))]
    assert examples.labelled_in.tolist() == [0] * 4 + [1] * 5 + [2] * 5 + [-1] * 6


def test_records_of_train_first_say_what_was_trained_on_and_then_selected():
    learner = StubLearner([7, 19])
    records = records_of(
        learner,
        start(),
        meta_iterations=2,
        select=take(5),
        order="train-first",
        true_labels=TRUTH,
    )
    assert [record.meta_iteration for record in records] == [0, 1, 2]
    assert [record.labelled for record in records] == [4, 4, 9]
    assert [record.loss for record in records] == [1 / 4, 1 / 4, 1 / 9]
    assert [record.selected for record in records] == [0, 5, 5]
    assert [record.remaining for record in records] == [16, 11, 6]
    assert [record.selected_accuracy for record in records] == [None, 80, 100]
    expected = [None, 100 * 14 / 16, 100 * 10 / 11]
    assert [record.unlabelled_accuracy for record in records] == expected
    assert {record.test_accuracy for record in records} == {98}


@settings(derandomize=True, deadline=None)
@given(
    order=st.sampled_from(ORDERS),
    n_labelled=st.integers(1, 20),
    meta_iterations=st.integers(0, 5),
    number=st.integers(1, 9),
)
def test_records_add_up_in_both_orders(order, n_labelled, meta_iterations, number):
    learner, examples = StubLearner(), start(n_labelled)
    state = run(
        learner,
        examples,
        meta_iterations=meta_iterations,
        select=take(number),
        order=order,
    )
    records, examples = state.history, state.examples
    assert [record.labelled for record in records] == [len(each) for each in learner.trained_on]
    for record in records:
        joined = int((examples.labelled_in == record.meta_iteration).sum())
        assert record.selected == (joined if record.meta_iteration else 0)
        assert record.remaining == 20 - n_labelled - sum(
            each.selected for each in records[: record.meta_iteration + 1]
        )
        not_trained_on = 0 if order == "label-first" else record.selected
        assert record.labelled + not_trained_on + record.remaining == 20
    assert len(records) == meta_iterations + 1 or records[-1].remaining == 0


def test_true_labels_are_used_for_nothing_but_the_records():
    examples, blind = start(), start()
    blind = run(StubLearner(), blind, meta_iterations=3, select=take(2)).examples
    wrong = (TRUTH + 1) % 4
    examples = run(
        StubLearner(), examples, meta_iterations=3, select=take(2), true_labels=wrong
    ).examples
    np.testing.assert_array_equal(examples.labels, blind.labels)


def test_without_true_labels_the_records_have_no_pseudo_label_accuracy():
    record = records_of(StubLearner(), start(), meta_iterations=1, select=take(1))[-1]
    assert record.selected_accuracy is None and record.unlabelled_accuracy is None


def test_true_labels_that_are_not_known_do_not_count():
    known = TRUTH.copy()
    known[[5, 6]] = UNLABELLED
    learner = StubLearner([7])
    record = records_of(learner, start(), meta_iterations=1, select=take(5), true_labels=known)[-1]
    assert record.selected_accuracy == pytest.approx(100 * 2 / 3)
    assert record.unlabelled_accuracy == pytest.approx(100 * 13 / 14)


def test_no_meta_iteration_is_labelled_only():
    learner = StubLearner()
    assert len(records_of(learner, start(), meta_iterations=0, select=take(5))) == 1
    assert learner.calls == ["train 0"]


def test_all_labelled_trains_once():
    learner = StubLearner()
    run(learner, start(20), meta_iterations=25, select=take(5))
    assert learner.calls == ["train 0"]


@pytest.mark.parametrize("order", ORDERS)
def test_ends_when_all_are_labelled(order):
    learner, examples = StubLearner(), start()
    state = run(learner, examples, meta_iterations=25, select=take(8), order=order)
    records, examples = state.history, state.examples
    assert [record.remaining for record in records] == [16, 8, 0]
    np.testing.assert_array_equal(examples.labels, TRUTH)


def test_a_record_comes_before_the_next_training():
    learner = StubLearner()
    for state in self_learning(RunState(start()), learner, meta_iterations=5, select=take(1)):
        if state.history:
            break
    assert learner.calls == ["train 0"]


def test_the_caller_s_labels_are_not_changed():
    labels = np.where(np.arange(20) < 4, TRUTH, UNLABELLED)
    before = labels.copy()
    examples = Examples.from_labels(labels)
    examples = run(StubLearner(), examples, meta_iterations=1, select=take(5)).examples
    np.testing.assert_array_equal(labels, before)


class Stopping(StubLearner):
    """Is interrupted when it is asked for the `stop_at`th time."""

    def __init__(self, stop_at):
        super().__init__([7])
        self.stop_at = stop_at

    def _count(self):
        self.stop_at -= 1
        if self.stop_at < 0:
            raise KeyboardInterrupt

    def train(self, examples, meta_iteration):
        self._count()
        return super().train(examples, meta_iteration)

    def label(self, indices):
        self._count()
        return super().label(indices)

    def test_accuracy(self):
        self._count()
        return 100.0 - len(self.mistakes)


@pytest.mark.parametrize("number", [5, 8], ids=["some are left", "all are labelled"])
@pytest.mark.parametrize("order", ORDERS)
def test_a_run_stopped_anywhere_goes_on_from_its_position(order, number):
    options = {"meta_iterations": 2, "select": take(number), "order": order, "true_labels": TRUTH}
    whole_learner = StubLearner([7])
    whole = run(whole_learner, start(), **options)
    for stop_at in range(8):
        stopping, states = Stopping(stop_at), [RunState(start())]
        with pytest.raises(KeyboardInterrupt):
            states.extend(self_learning(states[0], stopping, **options))
        state = states[-1]
        state.position.check(order)
        assert state.position.meta_iteration == len(state.history)
        learner = Stopping(99)
        ended = [state, *self_learning(state, learner, **options)][-1]
        assert ended.history == whole.history
        assert stopping.calls + learner.calls == whole_learner.calls
        for found, expected in zip(vars(ended.examples).values(), vars(whole.examples).values()):
            np.testing.assert_array_equal(found, expected)
        assert list(self_learning(ended, learner, **options)) == []


@pytest.mark.parametrize("order", ORDERS)
def test_names_of_the_steps_that_are_left(order):
    label_first = order == "label-first"
    assert Position().steps_left(order) == ("train", "label", "measure")
    steps = ("label", "train") if label_first else ("train", "label")
    assert Position(3).steps_left(order) == (*steps, "measure")
    assert Position(3, 1).steps_left(order) == (steps[1], "measure")
    assert Position(3, 2).steps_left(order) == ("measure",)


TRAINED = {"labelled": 9, "gradient_steps": 20, "loss": 0.5}
LABELLED = {"selected": 5, "selected_accuracy": 80.0, "unlabelled_accuracy": None, "flipped": None}


@pytest.mark.parametrize(
    "position",
    [
        Position(),
        Position(0, 1, TRAINED),
        Position(4),
        Position(4, 1, LABELLED),
        Position(4, 2, {**LABELLED, **TRAINED}),
    ],
)
def test_where_a_run_can_be(position):
    position.check("label-first")


@pytest.mark.parametrize(
    "position",
    [
        Position(-1),
        Position(1.0),
        Position(4, -1),
        Position(4, 3, {**LABELLED, **TRAINED, "remaining": 1, "test_accuracy": 1.0}),
        Position(4, 99),
        Position(4, True, LABELLED),
        Position(4, 0, LABELLED),
        Position(4, 1),
        Position(4, 1, TRAINED),
        Position(0, 1, LABELLED),
        Position(4, 1, {**LABELLED, "selected": -1}),
        Position(4, 2, LABELLED),
    ],
)
def test_where_it_can_t_be(position):
    with pytest.raises(ValueError):
        position.check("label-first")


def test_figures_of_a_record_are_right():
    for order in ORDERS:
        for record in records_of(
            StubLearner(), start(), meta_iterations=2, select=take(5), order=order
        ):
            check_figures(asdict(record))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("labelled", -1),
        ("labelled", 1.0),
        ("labelled", True),
        ("flipped", -1),
        ("flipped", 1.0),
        ("gradient_steps", None),
        ("loss", None),
        ("loss", float("nan")),
        ("loss", "0.5"),
        ("test_accuracy", float("inf")),
        ("selected_accuracy", [1]),
    ],
)
def test_figures_that_can_t_be_a_record_s(name, value):
    with pytest.raises(ValueError, match=f"{name} can't be "):
        check_figures({name: value})


def test_a_selection_that_is_empty_stops_the_run():
    learner, seen = StubLearner(), []
    with pytest.raises(UntrustworthyError, match="In meta-iteration 1 none of 16"):
        for state in self_learning(RunState(start()), learner, meta_iterations=3, select=take(0)):
            seen.append(len(state.history))
    assert seen[-1] == 1
    assert learner.calls == ["train 0", "label 16"]


def test_examples_remember_their_nearest_labelled_image():
    examples = start()
    examples = run(StubLearner(), examples, meta_iterations=1, select=take(5)).examples
    assert examples.nearest.tolist() == [-1] * 4 + [0, 1, 2, 3, 0] + [-1] * 11


def test_what_is_left_out_is_neither_trained_on_nor_labelled():
    learner = StubLearner()
    labels = np.where(np.arange(20) < 4, TRUTH, UNLABELLED)
    labels[[1, 19]] = LEFT_OUT
    examples = Examples.from_labels(labels)
    state = run(learner, examples, meta_iterations=9, select=take(8))
    records, examples = state.history, state.examples
    assert learner.calls == ["train 0", "label 15", "train 1", "label 7", "train 2"]
    assert learner.trained_on[-1] == [0, *range(2, 19)]
    assert examples.labels[[1, 19]].tolist() == [LEFT_OUT] * 2
    assert examples.labelled_in[[1, 19]].tolist() == [-1, -1]
    assert records[-1].remaining == 0


@pytest.mark.parametrize("order", ORDERS)
def test_none_is_labelled_below_the_confidence_asked_for_and_the_run_ends(order):
    """The confidence of an example is minus its index."""
    learner, examples = StubLearner(), start()
    state = run(
        learner,
        examples,
        meta_iterations=9,
        select=take(5),
        min_confidence=-10.0,
        order=order,
        evaluate_every=9,
    )
    records, examples = state.history, state.examples
    assert [record.selected for record in records] == [0, 5, 2, 0]
    assert examples.labelled.tolist() == list(range(11))
    assert records[-1].test_accuracy is not None
    assert records[-1].gradient_steps > 0


def test_a_run_in_which_none_was_sure_does_not_go_on():
    options = {"meta_iterations": 9, "select": take(5), "min_confidence": -3.0}
    ended = run(StubLearner(), start(), **options)
    assert ended.none_was_sure and len(ended.history) == 2
    ended.check(start(), order="label-first", meta_iterations=9)
    assert not list(self_learning(ended, StubLearner(), **options))
    begun = replace(ended, position=Position(2, 1, LABELLED))
    with pytest.raises(ValueError, match="meta-iteration 2 can't have begun"):
        begun.check(start(), order="label-first", meta_iterations=9)


def test_pseudo_labels_can_be_given_anew_in_each_meta_iteration():
    class Wavering(StubLearner):
        def label(self, indices):
            labels, confidence, nearest = super().label(indices)
            return (labels + len(self.calls)) % 4, confidence, nearest

    def without_pseudo_labels(examples):
        return examples.without_labels(np.flatnonzero(examples.labelled_in > 0))

    learner = Wavering()
    states = list(
        self_learning(
            RunState(start()),
            learner,
            meta_iterations=2,
            select=take(5),
            before_labelling=without_pseudo_labels,
        )
    )
    assert learner.calls == ["train 0", "label 16", "train 1", "label 16", "train 2"]
    first, last = (
        next(state for state in states if len(state.history) == number).examples
        for number in (2, 3)
    )
    assert first.labelled_in.tolist() == [0] * 4 + [1] * 5 + [-1] * 11
    assert last.labelled_in.tolist() == [0] * 4 + [2] * 5 + [-1] * 11
    # The states keep the history of each pseudo-label.
    assert (first.labels != last.labels).tolist() == [False] * 4 + [True] * 5 + [False] * 11
    last.check_continues(start(), 2)


def test_a_state_never_changes():
    states = list(
        self_learning(RunState(start()), StubLearner(), meta_iterations=1, select=take(5))
    )
    first = states[0].examples
    for field in fields(Examples):
        np.testing.assert_array_equal(
            getattr(first, field.name), getattr(start(), field.name), err_msg=field.name
        )
    assert len(states[-1].examples.labelled) == 9


def test_a_list_of_shares_counts_all_unlabelled_images_where_labels_are_revised():
    """The 16 unlabelled are labelled anew each time; those with a low index are the surest."""
    learner = StubLearner()
    state = run(
        learner,
        start(),
        meta_iterations=4,
        select=functools.partial(select, percent=(25, 50, 100)),
        before_labelling=Examples.without_pseudo_labels,
    )
    assert learner.calls[1::2] == ["label 16"] * 4
    assert [record.flipped for record in state.history] == [None, None, 0, 0, 0]
    assert [record.selected for record in state.history] == [0, 4, 8, 16, 16]
    assert learner.trained_on == [[*range(n)] for n in (4, 8, 12, 20, 20)]


@settings(derandomize=True, deadline=None, max_examples=40)
@given(st.integers(0, 10**6), st.sampled_from(ORDERS))
def test_flips_are_counted_over_all_labels_that_an_image_was_given(seed, order):
    """The labels and the selections are random. A list for each image keeps its labels."""
    draw, given_labels = np.random.default_rng(seed), {i: [] for i in range(20)}
    counts = []

    class Random(StubLearner):
        def label(self, indices):
            self.labels = draw.integers(0, 4, len(indices))
            return self.labels, draw.random(len(indices)), indices % 4

    def choose(labels, confidence, meta_iteration):
        chosen = draw.permutation(16)[: draw.integers(1, 17)]
        again = [(given_labels[4 + i], labels[i]) for i in chosen if given_labels[4 + i]]
        counts.append(sum(had[-1] != label for had, label in again) if again else None)
        for i in chosen:
            given_labels[4 + i].append(labels[i])
        return chosen

    begun, states = start(), []
    for state in self_learning(
        RunState(begun),
        Random(),
        meta_iterations=5,
        select=choose,
        order=order,
        before_labelling=Examples.without_pseudo_labels,
    ):
        states.append(state)
        state.check(begun, order=order, meta_iterations=5)
    assert [record.flipped for record in states[-1].history] == [None, *counts]
    flips = [sum(a != b for a, b in zip(had, had[1:])) for had in given_labels.values()]
    assert states[-1].examples.flips.tolist() == flips


def test_a_record_says_nothing_of_flips_where_labels_are_kept():
    *_, last = records_of(StubLearner(), start(), meta_iterations=2, select=take(5))
    assert last.flipped is None and "flipped" not in last.figures()
    assert replace(last, flipped=0).figures() == {**last.figures(), "flipped": 0}
    assert type(last)(**last.figures()) == last
