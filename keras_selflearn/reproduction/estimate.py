"""How long runs will take, from measured speed: of finished runs or of a short trial."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor

import numpy as np

from keras_selflearn.console.quiet import import_tensorflow_quietly
from keras_selflearn.options.config import Config
from keras_selflearn.paper import PublishedTable
from keras_selflearn.reproduction.runs import Run
from keras_selflearn.runs.record import Environment
from keras_selflearn.runs.workload import (
    PASSES_IN_TRAINING,
    Workload,
    planned_workload,
    workload_of_history,
)

_SECONDS_TO_START = 15
_TRIAL_IMAGES = 100


def planned(config: Config, table: PublishedTable) -> Workload:
    """Compute the planned work of a resolved configuration on the table's data set."""
    return planned_workload(
        config,
        train_images=min(config.train_images or table.train_images, table.train_images),
        test_images=min(config.test_images or table.test_images, table.test_images),
    )


def done(run: Run) -> Workload:
    """Count the work of a finished run."""
    test_images = run.record.data.test
    return workload_of_history(run.config, run.record.history, test_images=test_images)


def seconds_per_pass(
    runs: Sequence[Run], config: Config, image_size: int, environment: Environment
) -> float:
    """Measure the seconds of one image's forward pass through the network on this machine.

    Parameters
    ----------
    runs : sequence of Run
        Finished runs. The median over the runs on hardware like this is taken.
    config : Config
        If there is no such run, a network with this configuration is tried.
    image_size : int
        Height and width of its images.
    environment : Environment
        Describes this machine.
    """
    here = [
        max(run.record.seconds - _SECONDS_TO_START, 1) / _passes(done(run))
        for run in runs
        if run.record.environment.cpu == environment.cpu
        and run.record.environment.gpus == environment.gpus
    ]
    if here:
        return float(np.median(here))
    # In a process of its own, because TensorFlow never returns the memory that it takes.
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_try, config, image_size).result()


def expected_seconds(work: Workload, per_pass: float) -> float:
    """Estimate the time of a run with this workload."""
    return _SECONDS_TO_START + _passes(work) * per_pass


def _passes(work: Workload) -> int:
    return PASSES_IN_TRAINING * work.trained_images + work.embedded_images


def _try(config: Config, image_size: int) -> float:
    import_tensorflow_quietly()
    from keras_selflearn.losses import get_objective
    from keras_selflearn.network.model import build_network

    network = build_network(
        backbone=config.backbone,
        weights="random",
        image_shape=(image_size, image_size, 3),
        n_classes=10,
        objective=get_objective("cross-entropy"),
        embedding_size=config.embedding_size,
        dropout=config.dropout,
        optimizer="adam",
        learning_rate=1e-4,
        precision=config.precision,
        image_size=config.image_size,
        preprocessing=config.preprocessing,
    )
    images = np.zeros((_TRIAL_IMAGES, image_size, image_size, 3), np.uint8)
    labels = np.arange(_TRIAL_IMAGES) % 10
    network.trainer.train_on_batch(images, labels)  # Includes what is done once only.
    start = time.perf_counter()
    network.trainer.train_on_batch(images, labels)
    return (time.perf_counter() - start) / (PASSES_IN_TRAINING * _TRIAL_IMAGES)
