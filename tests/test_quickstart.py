from __future__ import annotations

import h5py
from run_contents import BARE_RECORD

from keras_selflearn import quickstart
from keras_selflearn.quickstart import QuickstartConfig, main, table
from keras_selflearn.runs.record import RunRecord, convert


def run(n_labelled, self_learning):
    sizes = {"selected": 0, "remaining": 0, "labelled": 1}
    record = {
        **BARE_RECORD,
        "config": {"dataset": "digits", "loss": "triplet", "regime": "self-learning"},
        "data": {**BARE_RECORD["data"], "test": 500},
        "history": [
            {"meta_iteration": i, **sizes, "test_accuracy": accuracy}
            for i, accuracy in enumerate((n_labelled, self_learning))
        ],
        "test_accuracy": {"n_labelled": n_labelled, "self_learning": self_learning},
    }
    return convert(record, RunRecord)


def test_table_shows_what_the_runs_measured():
    lines = table({"random": run(40.04, 45.0), "pretrained": run(90.0, 95.5)}).splitlines()
    assert "500 handwritten digits" in lines[0]
    assert lines[1].split() == "Initial weights 100 labels after self-learning".split()
    assert lines[2].split() == ["random", "40.0", "%", "45.0", "%"]
    assert lines[3].split() == ["pretrained", "90.0", "%", "95.5", "%"]


def test_pretrains_once_and_runs_from_both_weights(tmp_path, monkeypatch, capsys):
    pretrained, experiments = [], []

    def pretrain(config):
        pretrained.append(config)
        (tmp_path / "cache").mkdir()
        h5py.File(config.output, "w").close()
        return 95.0

    def run_experiment(config):
        experiments.append(config)
        return FinishedRun(config)

    class FinishedRun:
        def __init__(self, config):
            self.config = config

        def read_run(self):
            accuracies = [50.0, 60.0] if self.config.weights == "random" else [80.0, 90.0]
            return run(*accuracies)

    monkeypatch.setattr(quickstart, "pretrain", pretrain)
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
    assert (tmp_path / "results" / "quickstart.png").exists()
