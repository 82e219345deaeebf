"""Plan a run: what it will do, how long it takes, and how it fits into a time."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from keras_selflearn.console.durations import parse_duration
from keras_selflearn.console.log import printable
from keras_selflearn.options.config import Config
from keras_selflearn.runs.configuration import check
from keras_selflearn.runs.data import data_title
from keras_selflearn.runs.first_lines import images_line, plan_line, time_line
from keras_selflearn.runs.loaded import Loaded, load_for_run
from keras_selflearn.runs.plan import Plan, plan_run
from keras_selflearn.runs.run_name import run_name
from keras_selflearn.runs.time_limit import changes, earlier, fit_into
from keras_selflearn.runs.trial import Speed, measure_speed
from keras_selflearn.selflearning.cross_validation import most_folds
from keras_selflearn.storage.files import make_writable

_LOG = logging.getLogger(__name__)
_FOLDS = 3
# For loading the package, the page and the pictures, and for what no plan knows.
_SECONDS_AROUND = 20
_CERTAINTY = 0.95


def wanted_folds(config: Config, n_test: int) -> int:
    """How many folds a run asks for."""
    if config.folds is not None:
        return config.folds
    needs_folds = (
        config.early_stop
        or config.train == "head"
        or config.keep == "best"
        or config.accuracy is not None
    )
    return _FOLDS if needs_folds or not n_test else 0


def number_of_folds(config: Config, loaded: Loaded) -> int:
    """How many folds a run can have; 0 if it wants none, or a class has a single label."""
    _, numbers = np.unique(loaded.labels[loaded.labelled], return_inverse=True)
    return most_folds(numbers, wanted_folds(config, loaded.data.test))


def plan_of(config: Config, loaded: Loaded) -> Plan:
    """Plan the run of a resolved configuration."""
    return plan_run(
        config,
        train_images=loaded.data.train,
        labelled=loaded.data.labelled,
        test_images=loaded.data.test,
        folds=number_of_folds(config, loaded),
    )


def first_lines(config: Config, loaded: Loaded, plan: Plan) -> Iterator[str]:
    """Say what the run starts from, and what it will do."""
    # Names of classes need not be UTF-8 either.
    yield printable(images_line(data_title(config), loaded.data, len(loaded.dataset.skipped)))
    yield plan_line(plan)


def within_limit(
    config: Config,
    loaded: Loaded,
    results_dir: Path,
    name: str,
    *,
    since: float,
    speed: Speed | None = None,
) -> Config:
    """Fit a run into its `time_limit`, as the same command did before if it was stopped.

    Parameters
    ----------
    config : Config
        Resolved.
    loaded : Loaded
    results_dir : Path
    name : str
        The name of the run.
    since : float
        When the run began, by `time.monotonic`.
    speed : Speed, optional
        Of this machine; by default it is measured.

    Raises
    ------
    InputError
        When there is no time for the shortest run.
    """
    if config.time_limit is None:
        return config
    found = earlier(config, results_dir, name)
    if found is not None:
        return found
    limit = parse_duration(config.time_limit)
    whole = replace(config, folds=number_of_folds(config, loaded))
    speed = speed or measure_speed(config, loaded.dataset.images, loaded.labels)
    seconds = _CERTAINTY * limit - (time.monotonic() - since) - _SECONDS_AROUND
    fitted = fit_into(whole, seconds, planned=partial(plan_of, loaded=loaded), cost=speed.seconds)
    said = changes(whole, fitted)
    if said:
        _LOG.info(f"To keep to {config.time_limit}: {said}.")
    return fitted


def dry_run(config: Config) -> list[str]:
    """Say what a run would do, and how long it would take; it leaves no folder of a run.

    Images of a folder are decoded, which the run itself then need not do again.

    Raises
    ------
    InputError
        For a value in `config` that can't be used.
    """
    since = time.monotonic()
    config = check(config)
    results_dir = make_writable(config.results_dir, "results_dir")
    loaded = load_for_run(config)
    speed = measure_speed(config, loaded.dataset.images, loaded.labels)
    config = within_limit(config, loaded, results_dir, run_name(config), since=since, speed=speed)
    plan = plan_of(config, loaded)
    seconds = speed.seconds(plan) + _SECONDS_AROUND
    return [*first_lines(config, loaded, plan), time_line(seconds, plan, config)]
