"""Make what `fit` trains: the whole network, or a head on features that are computed once."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Callable, Union

import numpy as np
import tensorflow as tf

from keras_selflearn.console.profiling import stage
from keras_selflearn.estimator.continuing import Start
from keras_selflearn.estimator.features_once import features_once
from keras_selflearn.estimator.fitted import is_normalized, labeller_setting, network_from
from keras_selflearn.labelling import make_labeller
from keras_selflearn.labelling.labeller import Labeller
from keras_selflearn.labelling.memory import Memory
from keras_selflearn.losses.objective import Objective
from keras_selflearn.network.embedding import embed
from keras_selflearn.network.head_network import HeadNetwork
from keras_selflearn.network.left_over import free_left_over, remember
from keras_selflearn.network.linear_embedding import EmbeddingNetwork
from keras_selflearn.network.model import Network
from keras_selflearn.options.augmentation import parse_augmentations, parse_views
from keras_selflearn.options.training import ScheduleOptions, of_head
from keras_selflearn.training.embedding_labelling import EmbeddingLabelling
from keras_selflearn.training.head_learner import HeadChoice, HeadLearner
from keras_selflearn.training.head_then_all import HeadThenAllLearner
from keras_selflearn.training.joined_embedding import JoinedEmbedding
from keras_selflearn.training.label_views import embed_views, views_of
from keras_selflearn.training.learner import KerasLearner
from keras_selflearn.training.meta_training import BatchTraining
from keras_selflearn.training.schedule import Schedule

AnyLearner = Union[KerasLearner, HeadLearner, HeadThenAllLearner]


@dataclass(frozen=True)
class Task:
    """What a learner needs to know.

    Attributes
    ----------
    parameters : dict
        The estimator's.
    objective : Objective
    images : (n, height, width, channels) uint8
    image_shape : (height, width, channels)
    n_classes : int
    held_out : (k,) int64
        The training images that are the test set; none in most runs.
    test_data : (images, labels) or None
        The test set, also where it is held out. Labels from 0 to n_classes - 1, or
        `UNKNOWN_CLASS`.
    prior : str or (n_classes,) floats
        See `Setting`.
    has_soft_targets : bool
        Whether pseudo-labelled images are trained on with probabilities.
    seed : int
    callbacks : sequence of Keras callbacks
    after_step : callable or None
        See `KerasLearner`.
    given_weights : (n,) float32 or None
        See `BatchTraining`.
    start : Start or None
        What the network begins with, in place of the weights that the parameters name.
    verbose : 0, 1, 2 or "auto"
        See `KerasLearner`.
    tell : callable
        `tell(kind, done, n)` says how many features of images are computed.
    tell_graph : callable
        See `Setting.tell`.
    """

    parameters: Mapping[str, Any]
    objective: Objective
    images: np.ndarray
    image_shape: tuple[int, int, int]
    n_classes: int
    held_out: np.ndarray
    test_data: tuple[np.ndarray, np.ndarray] | None
    prior: Any
    has_soft_targets: bool
    seed: int
    callbacks: Sequence[tf.keras.callbacks.Callback]
    after_step: Callable[[], None] | None
    given_weights: np.ndarray | None
    start: Start | None
    verbose: int | str
    tell: Callable[[str, int, int], None]
    tell_graph: Callable[[int, int], None]

    def build_network(self) -> Network:
        """Build the network that the parameters describe."""
        free_left_over()
        changes = {} if self.start is None else self.start.changes(self.parameters)
        with stage("build network"):
            network = network_from(
                self.parameters,
                self.objective,
                self.image_shape,
                self.n_classes,
                seed=self.seed,
                **changes,
            )
            if self.start is not None:
                self.start.give_to(network)
            return network

    def labelling(
        self,
        network: Network,
        embed: Callable[[np.ndarray, np.ndarray], np.ndarray],
        images: np.ndarray,
        embed_unlabelled: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None,
    ) -> EmbeddingLabelling:
        """Make what labels with the network; `images` are as `embed` takes them."""
        setting = labeller_setting(
            self.parameters, self.objective, self.n_classes, network.head, prior=self.prior
        )
        return EmbeddingLabelling(
            embed,
            images,
            functools.partial(
                _new_labeller, self, {**setting, "memory": Memory(), "tell": self.tell_graph}
            ),
            reference=self.parameters["reference"],
            gives_probabilities=self.has_soft_targets,
            embed_unlabelled=embed_unlabelled,
            test_features=self.parameters["validation_features"],
        )


def _new_labeller(task: Task, setting: dict[str, Any], **more: Any) -> Labeller:
    name = task.parameters["labelling"] or task.objective.labelling
    return make_labeller(name, **setting, **more)


def network_learner(task: Task, *, first: int = 0) -> KerasLearner:
    """Train the network, all of it, from the meta-iteration `first` on."""
    network = task.build_network()
    names = parse_views(task.parameters["label_views"])
    return _by_steps(
        task,
        network,
        functools.partial(embed, network),
        task.images,
        task.test_data,
        first=first,
        embed_unlabelled=functools.partial(
            embed_views,
            network,
            views=views_of(names),
            normalized=is_normalized(task.parameters, task.objective),
        )
        if names
        else None,
    )


def head_learner(task: Task) -> HeadLearner | KerasLearner:
    """Compute features once, and fit heads on them, or train a linear embedding of them."""
    network = task.build_network()
    assert isinstance(network, HeadNetwork)
    features = features_once(task.parameters, network, task.images, "training", task.tell)
    embedding = JoinedEmbedding.fit(features)
    network.set_embedding([(part.scale, part.shift) for part in embedding.parts])
    embeddings = embedding.embed(features)
    test_data = None
    if task.test_data is not None:
        images, labels = task.test_data
        if len(task.held_out):
            test_data = embeddings[task.held_out], labels
        else:
            test_features = features_once(task.parameters, network, images, "test", task.tell)
            test_data = embedding.embed(test_features), labels
    if isinstance(network, EmbeddingNetwork):
        return _by_steps(
            task, network, network.embed_features, embeddings, test_data, augments=False
        )
    return HeadLearner(
        network,
        task.labelling(network, _rows, embeddings),
        embeddings,
        n_classes=task.n_classes,
        heads=HeadChoice(task.parameters["head"], task.parameters["meta_head"]),
        test_data=test_data,
        given_weights=task.given_weights,
    )


def _by_steps(
    task: Task,
    network: Network,
    embed: Callable[[np.ndarray, np.ndarray], np.ndarray],
    images: np.ndarray,
    test_data: tuple[np.ndarray, np.ndarray] | None,
    *,
    augments: bool = True,
    first: int = 0,
    embed_unlabelled: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None,
) -> KerasLearner:
    """Train by gradient steps. `embed` takes `images`, and also the images of `test_data`."""
    remember(network.trained)
    parameters = task.parameters
    rate = parameters["self_learning_rate"]
    if rate is None:
        rate = parameters["learning_rate"] / 10

    def augmentations(option: str) -> tuple[str, ...]:
        return parse_augmentations(parameters[option]) if augments else ()

    return KerasLearner(
        network,
        task.labelling(network, embed, images, embed_unlabelled),
        images,
        n_classes=task.n_classes,
        test_data=test_data,
        first_schedule=_schedule(
            parameters, parameters["epochs"], parameters["steps"], parameters["learning_rate"]
        ),
        meta_schedule=_schedule(
            parameters, parameters["meta_epochs"], parameters["meta_steps"], rate
        ),
        meta_training=BatchTraining(
            parameters["batch_size"],
            augmentations("augment"),
            task.seed,
            pseudo_augmentations=augmentations("pseudo_augment"),
            labelled_share=parameters["labelled_share"],
            has_soft_targets=task.has_soft_targets,
            images_per_class=parameters["images_per_class"],
            weighs_by_confidence=parameters["pseudo_weights"] == "confidence",
            starts_anew=parameters["restart"],
            given_weights=task.given_weights,
        ),
        first=first,
        callbacks=task.callbacks,
        after_step=task.after_step,
        verbose=task.verbose,
    )


def head_then_all_learner(task: Task) -> HeadThenAllLearner:
    """Fit heads first; their labels start the training of the network."""
    parameters = task.parameters
    # Both are made now, so that a stop between them does not change which random weights are drawn.
    head = head_learner(replace(task, parameters=of_head(parameters)))
    whole = replace(task, parameters={**parameters, "train": "all"})
    return HeadThenAllLearner(head, network_learner(whole, first=parameters["head_rounds"]))


# What the option `train` takes.
LEARNERS: dict[str, Callable[[Task], AnyLearner]] = {
    "all": network_learner,
    "head": head_learner,
    "head-then-all": head_then_all_learner,
}


def _rows(embeddings: np.ndarray, indices: np.ndarray) -> np.ndarray:
    return embeddings[indices]


def _schedule(
    parameters: Mapping[str, Any], epochs: int, steps: int | None, learning_rate: float
) -> Schedule:
    shared = {each.name: parameters[each.name] for each in fields(ScheduleOptions)}
    return Schedule(epochs=epochs, learning_rate=learning_rate, steps=steps, **shared)
