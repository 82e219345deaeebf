"""How much a run trains and labels: as planned from its configuration, or as its history says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from keras_selflearn.options.config import Config


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

    It is the most that a run may do: with `selection="stratified"` classes that are predicted
    seldom give fewer examples, and with `settled_epochs` a training may end early.

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
    last = len(labelled_of)
    evaluations = len({*range(0, last + 1, config.evaluate_every), last})
    return _schedule(
        config.batch_size,
        [(n, _planned_steps(config, k, n)) for k, n in enumerate(trained_on)],
        sum(labelled_of) + evaluations * test_images,
    )


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
    evaluations = sum(record["validation_accuracy"] is not None for record in history)
    return _schedule(
        config.batch_size,
        [
            # Records of version 0.1.0 do not have it: they trained as planned.
            (n, record.get("gradient_steps", _planned_steps(config, k, n)))
            for k, record in enumerate(history)
            for n in [record["labelled"]]
        ],
        sum(record["selected"] + record["remaining"] for record in history[1:])
        + evaluations * test_images,
    )


def _planned_steps(config: Config, meta_iteration: int, n: int) -> int:
    """Gradient steps of the training on `n` examples in that meta-iteration."""
    if meta_iteration:
        epochs, steps = config.meta_epochs, config.meta_steps
    elif config.regime == "all-labelled":
        epochs, steps = config.all_labelled_epochs, None
    else:
        epochs, steps = config.epochs, config.steps
    return steps or epochs * -(-n // config.batch_size)


def _schedule(
    batch_size: int, trainings: Sequence[tuple[int, int]], embedded_images: int
) -> Schedule:
    """From the numbers of examples and of gradient steps of each training."""
    trained_images = 0
    for n, steps in trainings:
        epochs, more = divmod(steps, -(-n // batch_size))
        trained_images += epochs * n + more * batch_size
    return Schedule(sum(steps for _, steps in trainings), trained_images, embedded_images)
