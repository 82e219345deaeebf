"""From a configuration to the estimator that does it: defaults, checks, and how its run ends."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, cast

from keras_selflearn.console.errors import InputError
from keras_selflearn.estimator.classifier import SelfLearningClassifier
from keras_selflearn.losses import Combined, names_in, objective_class
from keras_selflearn.losses.objective import Objective
from keras_selflearn.losses.parameters import parse_weights
from keras_selflearn.options.config import Config
from keras_selflearn.options.losses import loss_of
from keras_selflearn.runs.data import check_only_read
from keras_selflearn.selflearning.shares import as_option, shares_of


def resolve(config: Config) -> Config:
    """Fill in the defaults of the data set and the loss; an `InputError` as `Config.resolve`."""
    config = config.resolve()
    if config.optimizer is None:
        config = replace(config, optimizer=loss_of(config).optimizer)
    return config


def check(config: Config) -> Config:
    """Check the configuration of an experiment and resolve it, before data are loaded.

    Raises
    ------
    InputError
        For a value that can't be used, as far as `config` and the weights file show it.
    """
    config = resolve(config)
    classifier = make_classifier(config)
    classifier.check_parameters()
    check_only_read(config)
    labels, fewest = config.initial_labels(), config.fewest_labels()
    if labels is not None:
        classifier.check_labelled(labels)
    if fewest is not None:
        check_early_stop(config, fewest)
    return config


def check_early_stop(config: Config, fewest: int) -> None:
    """Raise an `InputError` if a class has too few labels for cross-validation."""
    needs = "--early_stop" if config.early_stop else "--accuracy"
    if (config.early_stop or config.accuracy is not None) and fewest < 2:
        raise InputError(
            f"{needs} cross-validates on the labelled images, but a class has only one: label"
            " more, or leave it out."
        )


def make_classifier(config: Config) -> SelfLearningClassifier:
    """Make the estimator that a resolved `config` describes."""
    shared = {each.name for each in fields(Config)} & set(SelfLearningClassifier().get_params())
    parameters = {name: getattr(config, name) for name in shared}
    parameters["loss"] = make_objective(config)
    parameters["random_state"] = config.seed
    if config.regime == "all-labelled":
        parameters["epochs"] = config.all_labelled_epochs
        parameters["steps"] = None
    classifier = SelfLearningClassifier(**parameters)
    if config.regime != "self-learning":
        end_at(classifier, 0)
    return classifier


def end_at(classifier: SelfLearningClassifier, meta_iteration: int) -> None:
    """Let the run end after this meta-iteration, with the head if the network would come later."""
    classifier.set_params(meta_iterations=meta_iteration)
    if meta_iteration:
        shares = shares_of(classifier.selection_percent)[:meta_iteration]
        classifier.set_params(selection_percent=as_option(shares))
    if classifier.train == "head-then-all" and meta_iteration < classifier.head_rounds:
        classifier.set_params(train="head")


def make_objective(config: Config) -> Objective:
    """Make the objective; its parameters come from flags of the same or the named name."""
    losses = tuple(_of_flags(name, config) for name in names_in(config.loss))
    return losses[0] if len(losses) == 1 else Combined(losses, parse_weights(config.loss_weights))


def _of_flags(name: str, config: Config) -> Objective:
    objective = objective_class(name)
    return objective(
        **{
            each.name: getattr(config, each.metadata.get("flag", each.name), each.default)
            for each in fields(cast(Any, objective))
        }
    )
