from __future__ import annotations

import re
from dataclasses import replace

import h5py
import pytest
from run_contents import two_meta_iterations as run

from keras_selflearn.quickstart import QuickstartConfig, main
from keras_selflearn.reproduction import quickstart


@pytest.mark.slow
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
    monkeypatch.setattr("keras_selflearn.quickstart.FULL", replace(quickstart.FULL, glyphs=20))
    monkeypatch.setattr("keras_selflearn.runs.pace.monotonic", lambda: ticks[-1])
    monkeypatch.setattr("keras_selflearn.runs.experiment.run_experiment", run_experiment)
    config = QuickstartConfig(
        part=2, results_dir=str(tmp_path / "results"), cache_dir=str(tmp_path / "cache")
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


@pytest.mark.slow
def test_the_short_form_runs_from_end_to_end(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    options = {"results_dir": str(tmp_path / "results"), "cache_dir": str(tmp_path / "cache")}
    main(QuickstartConfig(short=True, **options))
    shown = capsys.readouterr().out
    assert "Initial weights" in shown and "It took" in shown
    assert shown.index("Labels in minutes") < shown.index("The paper's finding")
    assert len([*(tmp_path / "results").glob("*/run.json")]) == 3 + 2


def test_the_first_part_is_shown_alone(tmp_path, monkeypatch):
    done = []
    monkeypatch.setattr(
        "keras_selflearn.quickstart.first_labels",
        lambda folder, seed, say: done.append((folder, seed)),
    )
    main(QuickstartConfig(part=1, seed=4, results_dir=str(tmp_path)))
    assert done == [(tmp_path, 4)] and not list(tmp_path.iterdir())
