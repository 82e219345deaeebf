from __future__ import annotations

import re

import h5py
import pytest
from run_contents import BARE_RECORD

from keras_selflearn import quickstart
from keras_selflearn.quickstart import QuickstartConfig, main, table, why_nothing_gained
from keras_selflearn.runs.record import MetaIteration, RunRecord, convert


def run(n_labelled, self_learning, right=(90.0, 80.0)):
    """A run that chose 100 pseudo-labels, then 300, so many percent of each right."""
    figures = zip((0, 100, 300), (None, *right), (0.25, 0.5, 0.75))
    history = [
        MetaIteration(
            meta_iteration=i,
            labelled=100,
            selected=selected,
            remaining=0,
            loss=loss,
            test_accuracy=50.0,
            selected_accuracy=accuracy,
        )
        for i, (selected, accuracy, loss) in enumerate(figures)
    ]
    record = convert({**BARE_RECORD, "config": {"dataset": "digits", "loss": "triplet"}}, RunRecord)
    record.data.test, record.history = 500, history
    record.test_accuracy = {"n_labelled": n_labelled, "self_learning": self_learning}
    return record


def test_table_shows_what_the_runs_measured():
    lines = table({"random": run(40.04, 38.0), "pretrained": run(90.0, 95.5)}).splitlines()
    assert "500 handwritten digits" in lines[0]
    assert lines[1].split() == (
        "Initial weights 100 labels after self-learning points gained".split()
    )
    assert lines[2].split() == ["random", "40.0", "%", "38.0", "%", "-2.0"]
    assert lines[3].split() == ["pretrained", "90.0", "%", "95.5", "%", "+5.5"]


def test_a_run_that_gained_needs_no_explanation():
    assert why_nothing_gained("pretrained", run(90.0, 90.2)) == ""


def test_wrong_pseudo_labels_explain_a_loss():
    sentence = why_nothing_gained("random", run(40.0, 38.5))
    # 10 of 100 and 60 of 300 are wrong.
    assert sentence.startswith("From random weights self-learning lost 1.5 points: 18 % of its 400")
    assert "were wrong" in sentence and "0.25 before and 0.75 at the end" in sentence


@pytest.mark.parametrize(("after", "how"), [(96.0, "gained nothing"), (95.8, "lost 0.2 points")])
def test_right_pseudo_labels_may_have_nothing_to_teach(after, how):
    sentence = why_nothing_gained("pretrained", run(96.0, after, right=(100.0, 98.0)))
    assert sentence.startswith(f"From pretrained weights self-learning {how}: 98.5 % of its 400")
    assert "were right, but" in sentence and "wrong" not in sentence


def test_no_pseudo_label_explains_that_nothing_was_gained():
    nothing = run(50.0, 50.0)
    del nothing.history[1:]
    assert why_nothing_gained("random", nothing).endswith("it gave no pseudo-label.")


def test_table_and_sentence_agree_where_a_change_is_smaller_than_what_is_shown():
    nearly = run(50.04, 50.0)
    assert table({"random": nearly}).splitlines()[2].split()[-1] == "+0.0"
    assert "gained nothing" in why_nothing_gained("random", nearly)


def test_pretrains_once_and_runs_from_both_weights(tmp_path, monkeypatch, capsys):
    pretrained, experiments, ticks = [], [], [0]

    def pretrain(config, dataset, callbacks):
        assert len(dataset.images) == 20 and len(callbacks) == 1
        pretrained.append(config)
        h5py.File(config.output, "w").close()
        return 95.0

    def run_experiment(config, callbacks):
        for step in range(20):  # In 2 s each.
            ticks.append(ticks[-1] + 2)
            callbacks[0].on_train_batch_end(step)
        experiments.append(config)
        return FinishedRun(config)

    class FinishedRun:
        def __init__(self, config):
            self.config = config

        def read_run(self):
            accuracies = [50.0, 60.0] if self.config.weights == "random" else [80.0, 90.0]
            return run(*accuracies)

    monkeypatch.setattr(quickstart, "pretrain", pretrain)
    monkeypatch.setattr(quickstart, "_GLYPHS", 20)
    monkeypatch.setattr("keras_selflearn.runs.pace.monotonic", lambda: ticks[-1])
    monkeypatch.setattr("keras_selflearn.runs.experiment.run_experiment", run_experiment)
    config = QuickstartConfig(
        results_dir=str(tmp_path / "results"), cache_dir=str(tmp_path / "cache")
    )
    main(config)
    main(config)
    shown = capsys.readouterr().out
    assert len(pretrained) == 1 and pretrained[0].dataset == "glyphs"
    assert [experiment.weights for experiment in experiments] == [
        "random",
        pretrained[0].output,
    ] * 2
    assert "are in the cache" in shown and "90.0 %" in shown
    # 16 images in 2 s. What is left was not the same when it was told.
    assert shown.count("This machine trains on 8 images a second: about ") == 2
    assert shown.count("from random weights\n") == 2
    assert len(re.findall(r"from pretrained weights: about \d+ min left\n", shown)) == 2
    assert (tmp_path / "results" / "quickstart.png").exists()
