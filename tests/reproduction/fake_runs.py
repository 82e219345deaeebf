"""Folders of finished runs without the training: for what only reads them."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from keras_selflearn.reproduction.grid import Cell
from keras_selflearn.runs.configuration import resolve
from keras_selflearn.runs.record import VERSION, table_cells
from keras_selflearn.runs.run_name import run_name

ENVIRONMENT = {
    "keras_selflearn": "0.1.0",
    "git_commit": "0123456789abcdef",
    "python": "3.11.7",
    "packages": {"tensorflow": "2.15.1", "keras": "2.15.0"},
    "cpu": "a CPU",
    "gpus": [],
    "precision": "float32",
}


def write_run(
    cell: Cell,
    accuracies: list[float],
    *,
    status: str = "finished",
    seconds: float = 60.0,
    embeddings: bool = False,
    labelled: int | None = None,
    **changes,
) -> Path:
    """Write the run.json of a cell with these test accuracies; the run's folder."""
    config = resolve(replace(cell.config, **changes))
    if labelled is None:
        labelled = 400 if config.regime == "all-labelled" else 40
    history = [
        {
            "meta_iteration": k,
            "labelled": labelled + 50 * k,
            "selected": 50 if k else 0,
            "remaining": max(400 - labelled - 50 * k, 0),
            "validation_accuracy": accuracy,
        }
        for k, accuracy in enumerate(accuracies)
    ]
    n = 30
    run = {
        "version": VERSION,
        "status": status,
        "config": asdict(config),
        "environment": ENVIRONMENT,
        "weights_sha256": None if config.weights in ("random", "imagenet") else "ab" * 32,
        "data": {
            "train": 400,
            "test": n,
            "labelled": labelled,
            "classes": [f"class {k}" for k in range(10)],
        },
        "history": history,
        "test_accuracy": table_cells(config.regime, accuracies),
        "seconds": seconds,
    }
    path = Path(config.results_dir) / run_name(config)
    path.mkdir(parents=True)
    (path / "run.json").write_text(json.dumps(run))
    if embeddings:
        rng = np.random.default_rng(config.seed)
        for when in ("initial", "final"):
            values = rng.normal(size=(n, 8)).astype(np.float16)
            np.savez(path / f"embeddings-{when}.npz", embeddings=values, labels=np.arange(n) % 10)
    return path
