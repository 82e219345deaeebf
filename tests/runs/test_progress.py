from __future__ import annotations

import io
import re
import sys

import numpy as np
import pytest

from keras_selflearn import SelfLearningClassifier
from keras_selflearn.runs import progress
from keras_selflearn.runs.progress import ProgressBars, ProgressLines, describe, make_progress
from keras_selflearn.selflearning.record import Record

RECORD = Record(2, 219, 119, 978, 15, 0.1234, 95.5, 99.0, 97.0)


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def fit(monkeypatch):
    """Trains on noise, showing what the given progress shows on the given screen."""

    def run(screen, name="run", meta_iterations=2):
        monkeypatch.setattr(sys, "stderr", screen)
        shown = make_progress(name, meta_iterations)
        images = np.random.default_rng(0).integers(0, 256, (40, 32, 32, 3), np.uint8)
        labels = np.where(np.arange(40) < 20, np.arange(40) % 2, -1)
        options = {"weights": "random", "backbone": "tiny", "epochs": 4, "meta_epochs": 2}
        options.update(meta_iterations=meta_iterations, batch_size=10, random_state=0)
        clf = SelfLearningClassifier(**options)
        clf.fit(images, labels, callbacks=[shown])
        shown.close()
        return shown, screen.getvalue()

    return run


@pytest.mark.slow
def test_terminal_shows_a_bar_of_epochs_and_one_of_meta_iterations(fit):
    shown, text = fit(Terminal())
    assert isinstance(shown, ProgressBars)
    lines = re.split(r"[\r\n]+", text)
    assert any(re.search(r"meta-iterations: 100%\|.*\| 2/2 ", line) for line in lines)
    assert any(re.search(r"epochs: .*\d\.\d/4 ", line) for line in lines)
    assert any(re.search(r"epochs: .*\d\.\d/2 ", line) for line in lines)


def test_terminal_shows_no_bar_of_meta_iterations_where_there_are_none(fit):
    _, text = fit(Terminal(), meta_iterations=0)
    assert "meta-iterations" not in text and "epochs" in text


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
    _, text = fit(io.StringIO(), meta_iterations=0)
    assert re.search(r"run: 6 steps left, \d+\.\d a second, 0\.\d minutes, loss \d", text)


def test_a_record_is_one_line():
    assert describe(RECORD) == (
        "219 labelled, loss 0.123, test accuracy 95.50 %, 99.0 % of 119 new labels right"
    )


def test_the_graph_s_pace_is_said_too(monkeypatch, capsys):
    clock = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: clock[0])
    lines = ProgressLines("run", 0)
    for clock[0], done in ((100, 0), (110, 300), (120, 600), (130, 1000), (190, 0), (191, 1000)):
        lines.on_graph(done, 1000)
    (said,) = (line.split(": ", 1)[1] for line in capsys.readouterr().err.splitlines())
    assert said == "graph: 600 of 1000 images joined, 30 images a second, 0.2 minutes left"


def test_a_bar_of_the_graph_is_shown_where_it_takes_long_alone(monkeypatch):
    def shown(delay):
        monkeypatch.setattr(progress, "_SECONDS_BETWEEN_LINES", delay)
        screen = Terminal()
        monkeypatch.setattr(sys, "stderr", screen)
        bars = ProgressBars("run", 0)
        for done in (0, 500, 1000):
            bars.on_graph(done, 1000)
        bars.close()
        return screen.getvalue()

    assert "graph of all images" in shown(0)
    assert "graph of all images" not in shown(60)


def test_each_training_has_a_pace_of_its_own_also_one_that_goes_on(monkeypatch, capsys):
    clock = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: clock[0])
    lines = ProgressLines("run", 0)
    lines.set_params({"epochs": 3, "steps": 100})
    # A training that goes on with its second epoch, and the next one from its beginning.
    for clock[0], epoch, batch in ((0, 1, 9), (20, 1, 49), (50, 0, 0), (75, 0, 50), (275, 1, 50)):
        lines.on_epoch_begin(epoch)
        lines.on_train_batch_end(batch, {"loss": 0.25})
    said = [line.split(": ")[1] for line in capsys.readouterr().err.splitlines()]
    assert said == [
        "150 steps left, 2.0 a second, 1.2 minutes, loss 0.250",
        "249 steps left, 2.0 a second, 2.1 minutes, loss 0.250",
        "149 steps left, 0.7 a second, 3.7 minutes, loss 0.250",
    ]


def test_the_pace_of_a_second_network_is_its_own(monkeypatch, capsys):
    clock = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: clock[0])
    lines = ProgressLines("run", 0)
    for clock[0], done in ((0, 100), (20, 300), (80, 1000), (100, 10), (120, 30)):
        lines.on_features("training", done, 1000)
    said = [line.split(": ")[1] for line in capsys.readouterr().err.splitlines()]
    assert said[0] == (
        "features of 300 of 1000 training images, 10 images a second, 1.2 minutes left"
    )
    assert said[-1] == (
        "features of 30 of 1000 training images, 1 images a second, 16.2 minutes left"
    )
