"""How the network is trained: first on the initial labels, then in each meta-iteration."""

from __future__ import annotations

from dataclasses import dataclass

from keras_selflearn.console.option import Options, option
from keras_selflearn.options.data import starts_from_few_labels
from keras_selflearn.options.selflearning import has_meta_iterations

DECAYS = ("none", "cosine")
OPTIMIZERS = ("adam", "rmsprop", "sgd")


@dataclass(frozen=True)
class ScheduleOptions(Options):
    """What the first training and the trainings of the meta-iterations have in common."""

    GROUP = "training"

    decay: str = option(
        "none",
        "Learning rate in a training: none (constant) or cosine (falls to 0).",
        choices=DECAYS,
    )
    warmup: float = option(
        0.0, "Share of the steps of a training in which the rate rises.", least=0, below=1
    )
    settled_epochs: int | None = option(
        None,
        "Epochs without a fall of the loss by 0.01 that end a training early.",
        least=1,
        without="never",
    )
    ema_momentum: float = option(
        0.0,
        "Momentum of the average of the weights that ends a training; 0: no average.",
        least=0,
        below=1,
    )


@dataclass(frozen=True)
class TrainingOptions(Options):
    """Lengths, learning rates, batches and augmentation."""

    GROUP = "training"

    epochs: int | None = option(
        None,
        "Epochs of the first training.",
        least=1,
        of_data_set=True,
        used=lambda options: starts_from_few_labels(options) and options.steps is None,
    )
    meta_epochs: int | None = option(
        None,
        "Epochs of each meta-iteration.",
        least=1,
        of_data_set=True,
        used=lambda options: has_meta_iterations(options) and options.meta_steps is None,
    )
    steps: int | None = option(
        None,
        "Gradient steps of the first training, in place of epochs.",
        least=1,
        used=starts_from_few_labels,
    )
    meta_steps: int | None = option(
        None,
        "Gradient steps of each meta-iteration, in place of meta_epochs.",
        least=1,
        used=has_meta_iterations,
    )
    batch_size: int = option(100, "Images in a mini-batch.", least=1)
    optimizer: str | None = option(
        None, "Optimiser: adam, rmsprop or sgd.", choices=OPTIMIZERS, without="the loss's"
    )
    learning_rate: float = option(1e-4, "Learning rate of the first training.", above=0)
    self_learning_rate: float | None = option(
        None,
        "Learning rate of the meta-iterations.",
        above=0,
        without="a tenth of learning_rate",
        used=has_meta_iterations,
    )
    augment: str = option("shift", "Augmentations, comma-separated: shift, flip; or none.")


@dataclass(frozen=True)
class AllLabelledOptions(Options):
    """What only a training on all labels takes."""

    GROUP = "training"

    all_labelled_epochs: int | None = option(
        None,
        "Epochs of the regime all-labelled.",
        least=1,
        without="as epochs",
        used=lambda options: not starts_from_few_labels(options),
    )
