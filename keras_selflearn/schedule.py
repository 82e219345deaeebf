"""How much a run trains and labels: as planned from its configuration, or as its history says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from keras_selflearn.config import Config


@dataclass(frozen=True)
class Schedule:
    """The amount of work of one run.

    Attributes
    ----------
    gradient_steps : int
        Mini-batches trained on.
    trained_images : int
        Images trained on, each counted once an epoch.
    embedded_images : int
        Images embedded to label or to measure.
    """

    gradient_steps: int
    trained_images: int
    embedded_images: int


def schedule(config: Config, *, train_images: int, test_images: int) -> Schedule:
    """The schedule that a resolved configuration plans (section 4, figure 1).

    With `selection="stratified"` it is the most that a run may do: classes that are predicted
    seldom give fewer examples.

    Parameters
    ----------
    config : Config
    train_images, test_images : int
        Of the data set, or of the subset that `config` takes.
    """
    all_labelled = config.regime == "all-labelled"
    labelled = train_images if all_labelled else config.labels
    trained_on, labelled_of = [labelled], []
    for _ in range(config.meta_iterations if config.regime == "self-learning" else 0):
        remaining = train_images - labelled
        if remaining <= 0:
            break
        selected = max(int(config.selection_percent * remaining / 100), 1)
        trained_on.append(labelled if config.order == "train-first" else labelled + selected)
        labelled_of.append(remaining)
        labelled += selected
    return _schedule(config, trained_on, labelled_of, test_images)


def schedule_of_history(
    config: Config, history: Sequence[Mapping[str, Any]], *, test_images: int
) -> Schedule:
    """The schedule that a run has had.

    Parameters
    ----------
    config : Config
        Resolved.
    history : sequence of records
        As in run.json.
    test_images : int
    """
    labelled_of = [record["selected"] + record["remaining"] for record in history[1:]]
    return _schedule(config, [record["labelled"] for record in history], labelled_of, test_images)


def _schedule(
    config: Config, trained_on: Sequence[int], labelled_of: Sequence[int], test_images: int
) -> Schedule:
    """From the sizes of the training set and of what was labelled in each meta-iteration."""
    first = config.all_labelled_epochs if config.regime == "all-labelled" else config.epochs
    epochs = [first] + [config.meta_epochs] * (len(trained_on) - 1)
    return Schedule(
        gradient_steps=sum(-(-n // config.batch_size) * e for n, e in zip(trained_on, epochs)),
        trained_images=sum(n * e for n, e in zip(trained_on, epochs)),
        embedded_images=sum(labelled_of) + len(trained_on) * test_images,
    )
