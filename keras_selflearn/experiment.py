"""One experiment of section 4: a data set, a loss, initial weights and a regime."""

from __future__ import annotations

import time
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from keras_selflearn.backbone import weights_digest
from keras_selflearn.checkpoint import Checkpoints
from keras_selflearn.classifier import SelfLearningClassifier
from keras_selflearn.config import Config
from keras_selflearn.datasets import Dataset, load_dataset
from keras_selflearn.environment import describe_environment
from keras_selflearn.events import EventFiles
from keras_selflearn.losses import objective_class
from keras_selflearn.objective import Objective
from keras_selflearn.opening import opened
from keras_selflearn.paper import table_of_dataset
from keras_selflearn.precision import resolve_precision
from keras_selflearn.profiling import Profile, profiled, stage
from keras_selflearn.progress import make_progress
from keras_selflearn.run_folder import RunFolder, check_results_dir
from keras_selflearn.run_record import RunRecord
from keras_selflearn.signals import deferred
from keras_selflearn.splitting import choose_labelled, subset

# In the place of a label that is hidden from training; no class of a data set is called this.
_HIDDEN = "-1"


def run_experiment(config: Config) -> RunFolder:
    """Run one experiment and write its folder.

    Test images are measured after each meta-iteration and choose nothing.

    Parameters
    ----------
    config : Config

    Returns
    -------
    RunFolder
        Under `config.results_dir`, complete.

    Raises
    ------
    InputError
        For whatever in `config` can't be used.
    """
    with profiled() as profile:
        folder = _run(resolve(config), profile)
        if config.profile:
            folder.write_profile(profile.table())
    return folder


def _run(config: Config, profile: Profile) -> RunFolder:
    start = time.monotonic()
    if config.deterministic:
        tf.config.experimental.enable_op_determinism()
    classifier = make_classifier(config)
    classifier.check_parameters()
    precision = resolve_precision(config.precision)
    results_dir = check_results_dir(config.results_dir)
    with stage("load data"):
        whole = load_dataset(config.dataset, config.data_dir)
        dataset = subset(whole, config.train_images, config.test_images)
    labels = training_labels(dataset, config)
    asked = {"config": asdict(config), "weights_sha256": weights_digest(config.weights)}
    run = {
        **asked,
        "environment": describe_environment(precision),
        "data": describe_data(
            config.dataset, whole, dataset, n_labelled=int(np.sum(labels != _HIDDEN))
        ),
    }
    with opened(results_dir, run_name(config), asked) as folder:
        record = RunRecord(folder, run, dataset.test_labels, profile, start)
        try:
            checkpoints = Checkpoints(folder.checkpoints, minutes=config.checkpoint_minutes)
            _fit(classifier, dataset, labels, folder, record, checkpoints)
            record.finish(classifier, dataset.test_images)
            checkpoints.remove()
        except BaseException as error:
            record.broken_off(error)
            raise
    return folder


def _fit(
    classifier: SelfLearningClassifier,
    dataset: Dataset,
    labels: np.ndarray,
    folder: RunFolder,
    record: RunRecord,
    checkpoints: Checkpoints,
) -> None:
    class_names = np.array(dataset.class_names)
    progress = make_progress(folder.path.name, classifier.meta_iterations)
    try:
        with deferred():
            classifier.fit(
                dataset.images,
                labels,
                validation_data=(dataset.test_images, class_names[dataset.test_labels]),
                true_labels=class_names[dataset.labels],
                callbacks=[progress, record, EventFiles(folder.path)],
                checkpoints=checkpoints,
            )
    finally:
        progress.close()


def resolve(config: Config) -> Config:
    """Fill in what the data set and the loss decide; an `InputError` as `Config.resolve`."""
    config = config.resolve()
    if config.optimizer is None:
        config = replace(config, optimizer=objective_class(config.loss).optimizer)
    return config


def training_labels(dataset: Dataset, config: Config) -> np.ndarray:
    """Class names (n,) of the training images, "-1" where the regime hides them."""
    names = np.array(dataset.class_names)[dataset.labels]
    if config.regime == "all-labelled":
        return names
    initial = choose_labelled(dataset.labels, config.labels, seed=config.seed)
    return np.where(np.isin(np.arange(len(names)), initial), names, _HIDDEN)


def describe_data(name: str, whole: Dataset, used: Dataset, n_labelled: int) -> dict[str, Any]:
    """Sizes and classes; for a data set of the paper also how its size differs from the paper's."""
    published = table_of_dataset(name)
    difference = published and {
        "train": len(whole.images) - published.train_images,
        "test": len(whole.test_images) - published.test_images,
    }
    return {
        "train": len(used.images),
        "test": len(used.test_images),
        "labelled": n_labelled,
        "whole": {"train": len(whole.images), "test": len(whole.test_images)},
        "difference_from_paper": difference,
        "classes": list(used.class_names),
        "image_shape": list(used.images.shape[1:]),
    }


def make_classifier(config: Config) -> SelfLearningClassifier:
    """The estimator that a resolved `config` describes."""
    shared = {each.name for each in fields(Config)} & set(SelfLearningClassifier().get_params())
    parameters = {name: getattr(config, name) for name in shared}
    parameters["loss"] = make_objective(config)
    parameters["random_state"] = config.seed
    if config.regime != "self-learning":
        parameters["meta_iterations"] = 0
    if config.regime == "all-labelled":
        parameters["epochs"] = config.all_labelled_epochs
        parameters["steps"] = None
    return SelfLearningClassifier(**parameters)


def make_objective(config: Config) -> Objective:
    """The objective with its parameters, taken from the flags that they name or are called as."""
    objective = objective_class(config.loss)
    return objective(
        **{
            each.name: getattr(config, each.metadata.get("flag", each.name), each.default)
            for each in fields(objective)
        }
    )


def run_name(config: Config) -> str:
    """Of the run's folder: what tells the cells of the paper's tables apart, and the seed."""
    weights = Path(config.weights).name.split(".")[0] or "weights"
    return f"{config.dataset}-{config.loss}-{weights}-{config.regime}-seed{config.seed}"
