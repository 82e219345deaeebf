from __future__ import annotations

import io
import re
import sys

import numpy as np
import pytest

from keras_selflearn import SelfLearningClassifier
from keras_selflearn.runs import progress
from keras_selflearn.runs.plan import Part, Plan
from keras_selflearn.runs.progress import ProgressBar, ProgressLines, describe, make_progress
from keras_selflearn.selflearning.record import Record

RECORD = Record(2, 219, 119, 978, 15, 0.1234, 95.5, 99.0, 97.0)
TRAINING = Part(0.0, 100, 30.0, 0.0)
TWO_FITS = Plan(0, 0.0, ((TRAINING, TRAINING), (TRAINING, TRAINING)))
# 20 labelled images in batches of 10, and one of 20 others joins them each time.
OF_FIT = Plan(
    0, 0.0, ((Part(0.0, 8, 30.0, 0.0), Part(20.0, 6, 30.0, 0.0), Part(19.0, 6, 30.0, 0.0)),)
)


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    """The time, which the test sets."""
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def fit(monkeypatch):
    """Trains on noise, showing what the progress shows on the given screen."""

    def run(screen, name="run", plan=OF_FIT):
        monkeypatch.setattr(sys, "stderr", screen)
        shown = make_progress(name, plan)
        images = np.random.default_rng(0).integers(0, 256, (40, 32, 32, 3), np.uint8)
        labels = np.where(np.arange(40) < 20, np.arange(40) % 2, -1)
        options = {"weights": "random", "backbone": "tiny", "epochs": 4, "meta_epochs": 2}
        options.update(meta_iterations=2, batch_size=10, random_state=0)
        clf = SelfLearningClassifier(**options)
        clf.fit(images, labels, callbacks=[shown])
        shown.close()
        return shown, screen.getvalue()

    return run


@pytest.mark.slow
def test_a_terminal_shows_one_bar_and_a_line_a_meta_iteration(fit, monkeypatch):
    monkeypatch.setattr(progress.tqdm, "monitor_interval", 0)
    shown, text = fit(Terminal())
    assert isinstance(shown, ProgressBar)
    lines = re.split(r"[\r\n]+", text)
    bars = [line for line in lines if "%|" in line]
    assert bars and max(map(len, lines)) <= 80
    assert any(re.match(r" *\d+ %\|.{8}\| .*training 1/3, step \d/8, loss", bar) for bar in bars)
    shares = [int(bar.split("%")[0]) for bar in bars]
    assert shares == sorted(shares) and shares[-1] == 100
    assert sum(line.startswith("meta-iteration ") for line in lines) == 3


@pytest.mark.slow
def test_elsewhere_a_line_a_meta_iteration(fit):
    shown, text = fit(io.StringIO(), name="my run")
    assert isinstance(shown, ProgressLines)
    lines = text.splitlines()
    assert len(lines) == 3 and "\r" not in text
    assert re.match(r"\d\d:\d\d:\d\d my run: meta-iteration 1 of 2: 21 labelled, loss ", lines[1])


@pytest.mark.slow
def test_elsewhere_a_line_in_between_when_it_takes_long(fit, monkeypatch):
    monkeypatch.setattr(progress, "_SECONDS_BETWEEN_LINES", 0)
    _, text = fit(io.StringIO())
    assert re.search(r"run: 9 %, training 1/3, step 2/8, loss \d", text)


@pytest.mark.slow
def test_a_plan_that_is_unknown_is_learnt(fit, monkeypatch):
    monkeypatch.setattr(progress, "_SECONDS_BETWEEN_LINES", 0)
    _, text = fit(io.StringIO(), plan=progress.ONE_TRAINING)
    assert re.search(r"run: 25 %, training 1/1, step 2/8, loss \d", text)


def said(capsys):
    return [line.split(": ", 1)[1] for line in capsys.readouterr().err.splitlines()]


def test_time_left_is_of_the_whole_run_and_its_folds(clock, capsys):
    told = []
    lines = make_progress("run", TWO_FITS, told.append)
    lines.begin(0)
    # The network is built in 20 seconds. Then a step takes 2 seconds.
    for clock[0], done in ((20, 1), (30, 6), (40, 11)):
        lines.on_gradient_step(done, 100, 0.25)
    assert said(capsys) == [
        "0 %, fold 1/1, training 1/2, step 1/100, loss 0.250",
        "3 %, 13 min left, fold 1/1, training 1/2, step 11/100, loss 0.250, 0.5 a second",
    ]
    # 394 of 400 steps, and another network, after 30 seconds
    assert told == [30 + 2 * 394 + 20]


def test_a_run_that_goes_on_is_where_it_was(clock, capsys):
    lines = make_progress("run", TWO_FITS)
    lines.begin(1)
    lines.on_resume([{}])
    for clock[0], done in ((20, 51), (36, 59)):
        lines.on_gradient_step(done, 100, 0.25)
    assert said(capsys) == [
        "88 %, training 2/2, step 51/100, loss 0.250",
        "90 %, 82 s left, training 2/2, step 59/100, loss 0.250, 0.5 a second",
    ]


def test_meta_iterations_of_folds_get_no_line(clock, capsys):
    lines = make_progress("run", TWO_FITS)
    for fit in range(2):
        lines.begin(fit)
        lines.on_meta_iteration_end(RECORD, None)
    assert said(capsys) == ["meta-iteration 2 of 1: " + describe(RECORD)]


def test_a_record_is_one_line():
    assert describe(RECORD) == (
        "219 labelled, loss 0.123, test accuracy 95.50 %, 99.0 % of 119 new labels right"
    )


def test_features_and_the_graph_are_told(clock, capsys):
    lines = make_progress("run", Plan(40, 1.0, ((Part(1.0, 0, 0.0, 0.0),),)))
    for clock[0], done in ((0, 0), (20, 10), (30, 20), (40, 30)):
        lines.on_features("training", done, 30)
    for clock[0], done in ((45, 0), (60, 500), (70, 1000)):
        lines.on_graph(done, 1000)
    assert said(capsys) == [
        "24 %, 62 s left, features of 10/30 training images",
        "73 %, 15 s left, features of 30/30 training images",
        "73 %, 15 s left, graph: 500/1000 images joined",
    ]


def test_names_too_long_for_the_screen_are_cut(monkeypatch):
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    bar = make_progress("run", TWO_FITS)
    bar.on_features("x" * 100, 1, 2)
    bar.close()
    assert max(map(len, re.split(r"[\r\n]+", screen.getvalue()))) <= 80
