"""A small real run of VGG16, and what of its folder must not depend on how it came about."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import h5py

from keras_selflearn.runs.record import MetaIteration, RunRecord, convert

FLAGS = """--deterministic --loss=triplet --weights=random --train_images=300 --test_images=50
--labels=60 --batch_size=20 --epochs=3 --meta_epochs=1 --meta_iterations=2
--selection_percent=20""".split()

# As version 0.1.0 wrote it: all that a record must have.
BARE_RECORD = {
    "status": "finished",
    "config": {},
    "environment": {
        "keras_selflearn": "0.1.0",
        "git_commit": "0123456789abcdef",
        "python": "3.11.7",
        "packages": {"tensorflow": "2.15.1", "keras": "2.15.0"},
        "cpu": "a CPU",
        "gpus": [],
        "precision": "float32",
    },
    "data": {"train": 200, "test": 50, "labelled": 100, "classes": ["a", "b"]},
    "history": [],
}


def two_meta_iterations(n_labelled, self_learning, right=(90.0, 80.0)):
    """The record of a run that chose 100 pseudo-labels, then 300; `right` in per cent of each."""
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


def start(results_dir, *flags, script=("-m", "keras_selflearn.main")):
    """The run's process, with its standard error in its output."""
    return subprocess.Popen(
        [sys.executable, *script, *FLAGS, f"--results_dir={results_dir}", *flags],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def contents(folder):
    """By name: the history, the pseudo-labels, the weights, and what was measured."""
    record = json.loads((folder / "run.json").read_text())
    names = ["history.csv", "pseudo_labels.csv", "labels.csv"]
    names += ["embeddings-initial.npz", "embeddings-final.npz"]
    return {
        **{name: record[name] for name in ("status", "history", "test_accuracy")},
        **{name: (folder / name).read_bytes() for name in names},
        "weights": _weights(folder / "classifier" / "model.weights.h5"),
    }


def _weights(path: Path) -> dict[str, bytes]:
    found = {}

    def take(name, each):
        if isinstance(each, h5py.Dataset):
            found[name] = each[()].tobytes()

    with h5py.File(path) as file:
        file.visititems(take)
    return found
