"""How much a run trains and labels, from its configuration and the number of images alone."""

from __future__ import annotations

from dataclasses import dataclass

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
    """The schedule of a resolved configuration (section 4, figure 1).

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
    trainings = [(labelled, config.all_labelled_epochs if all_labelled else config.epochs)]
    embedded = test_images
    for _ in range(config.meta_iterations if config.regime == "self-learning" else 0):
        remaining = train_images - labelled
        if remaining <= 0:
            break
        embedded += remaining + test_images
        selected = max(int(config.selection_percent * remaining / 100), 1)
        trained_on = labelled if config.order == "train-first" else labelled + selected
        trainings.append((trained_on, config.meta_epochs))
        labelled += selected
    return Schedule(
        gradient_steps=sum(-(-n // config.batch_size) * epochs for n, epochs in trainings),
        trained_images=sum(n * epochs for n, epochs in trainings),
        embedded_images=embedded,
    )
