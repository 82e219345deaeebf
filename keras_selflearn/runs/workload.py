"""How much work a run is: planned from its configuration, or counted from its history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from keras_selflearn.options.config import Config
from keras_selflearn.runs.record import MetaIteration
from keras_selflearn.selflearning.shares import share_in, shares_of

# A training step is a forward pass and a backward pass of twice its cost.
PASSES_IN_TRAINING = 3


@dataclass(frozen=True)
class Workload:
    """The amount of work of one run.

    Attributes
    ----------
    gradient_steps : int
        Mini-batches that the network is trained on.
    trained_images : int
        Images that the network is trained on; an image counts once in each epoch.
    embedded_images : int
        Images that are embedded, to label them or to measure the test accuracy.
    """

    gradient_steps: int
    trained_images: int
    embedded_images: int


def planned_workload(config: Config, *, train_images: int, test_images: int) -> Workload:
    """Compute the work that a resolved configuration plans (section 4, figure 1).

    A run may do less. With `selection="equal"`, a class that is seldom predicted adds fewer
    pseudo-labels. With `settled_epochs`, a training may end early.

    Parameters
    ----------
    config : Config
    train_images, test_images : int
        Sizes of the data set, or of the part that the configuration uses.
    """
    trainings, unlabelled = planned_trainings(
        config, train_images=train_images, labelled=config.labels or 0
    )
    last = len(unlabelled)
    evaluations = len({*range(0, last + 1, config.evaluate_every), last})
    return _workload(config.batch_size, trainings, sum(unlabelled) + evaluations * test_images)


def planned_trainings(
    config: Config, *, train_images: int, labelled: int
) -> tuple[list[tuple[int, int]], list[int]]:
    """Compute how large each training is, and how much is labelled before it.

    Parameters
    ----------
    config : Config
        Resolved.
    train_images, labelled : int
        How many training images there are, and how many of them have a label.

    Returns
    -------
    trainings : list of (int, int)
        The images, and the gradient steps, of each training.
    unlabelled : list of int
        The images that are labelled before each training but the first.
    """
    if config.regime == "all-labelled":
        labelled = train_images
    shares = shares_of(config.selection_percent)
    given, sizes, unlabelled = labelled, [labelled], []
    planned = config.meta_iterations if config.regime == "self-learning" else 0
    for number in range(1, (planned or 0) + 1):
        known = given if config.pseudo_labels == "revised" else labelled
        remaining = train_images - known
        if remaining <= 0:
            break
        selected = max(int(share_in(shares, number) * remaining / 100), 1)
        sizes.append(labelled if config.order == "train-first" else known + selected)
        unlabelled.append(remaining)
        labelled = known + selected
    return [(n, _planned_steps(config, k, n)) for k, n in enumerate(sizes)], unlabelled


def workload_of_history(
    config: Config, history: Sequence[MetaIteration], *, test_images: int
) -> Workload:
    """Count the work that a run has done.

    Parameters
    ----------
    config : Config
        Resolved.
    history : sequence of MetaIteration
    test_images : int
        Size of the test set.
    """
    trainings = []
    for each in history:
        steps = each.gradient_steps
        # Version 0.1.0 did not record it and trained as planned.
        if steps is None:
            steps = _planned_steps(config, each.meta_iteration, each.labelled)
        trainings.append((each.labelled, steps))
    evaluations = sum(each.test_accuracy is not None for each in history)
    unlabelled = sum(each.selected + each.remaining for each in history[1:])
    return _workload(config.batch_size, trainings, unlabelled + evaluations * test_images)


def _planned_steps(config: Config, meta_iteration: int, n: int) -> int:
    """Compute the gradient steps of a meta-iteration's training on `n` images."""
    if meta_iteration:
        epochs, steps = config.meta_epochs, config.meta_steps
    elif config.regime == "all-labelled":
        epochs, steps = config.all_labelled_epochs, None
    else:
        epochs, steps = config.epochs, config.steps
    return steps or (epochs or 0) * -(-n // config.batch_size)


def _workload(
    batch_size: int, trainings: Sequence[tuple[int, int]], embedded_images: int
) -> Workload:
    """Add up trainings, each given as its number of images and of gradient steps."""
    trained_images = 0
    for n, steps in trainings:
        epochs, more = divmod(steps, -(-n // batch_size))
        trained_images += epochs * n + more * batch_size
    return Workload(sum(steps for _, steps in trainings), trained_images, embedded_images)
