"""How the network is trained: first on the initial labels, then in each meta-iteration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from keras_selflearn.console.errors import InputError
from keras_selflearn.console.option import Options, option
from keras_selflearn.network.names import OPTIMIZERS
from keras_selflearn.options.data import starts_from_few_labels
from keras_selflearn.options.losses import loss_of
from keras_selflearn.options.selflearning import has_meta_iterations

DECAYS = ("none", "cosine")
TRAININGS = ("all", "head", "head-then-all")
HEAD_NAMES = ("logistic", "discriminant", "embedding")
META_HEAD_NAMES = ("discriminant", "logistic")


def trains_network(options: Any) -> bool:
    """Whether the run trains the whole network, by gradient steps."""
    return options.train == "all" or has_head_rounds(options)


def fits_head(options: Any) -> bool:
    """Whether the run fits a head on features that are computed once."""
    return options.train != "all"


def has_linear_embedding(options: Any) -> bool:
    """Whether the head is a linear embedding, trained by gradient steps with the loss.

    `head` asks for it. A loss without logits, or a sum of losses, can have no other head.
    """
    loss = loss_of(options)
    return fits_head(options) and (options.head == "embedding" or not loss.logits or loss.is_sum)


def takes_steps(options: Any) -> bool:
    """Whether anything is trained by gradient steps: the whole network, or a linear embedding."""
    return trains_network(options) or has_linear_embedding(options)


def takes_meta_steps(options: Any) -> bool:
    """Whether anything is trained on pseudo-labels by gradient steps."""
    return takes_steps(options) and has_meta_iterations(options)


def has_head_rounds(options: Any) -> bool:
    """Whether the labels of a head start the training of the whole network."""
    return options.train == "head-then-all" and has_meta_iterations(options)


def of_head(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of the head that comes before the network, by name."""
    size = options["head_image_size"] or options["image_size"]
    return {**options, "train": "head", "image_size": size}


def check_head_rounds(options: Any) -> None:
    """Raise an `InputError` where the head's rounds leave no training to the network."""
    if options.train != "head-then-all" or not options.meta_iterations:
        return
    rounds = options.head_rounds
    if options.meta_iterations < rounds:
        raise InputError(
            f"meta_iterations is {options.meta_iterations}, and the network is first trained in"
            f" meta-iteration {rounds} (head_rounds): give at least {rounds}, or fewer head_rounds."
        )
    if rounds > 1 and options.selection_percent == 100 and options.pseudo_labels == "kept":
        raise InputError(
            f"The head labels all images in the first of {rounds} head_rounds, so that nothing is"
            " left for the network: give pseudo_labels 'revised', or head_rounds 1."
        )


@dataclass(frozen=True)
class HeadOptions(Options):
    """What is trained, and which head is fitted on features."""

    GROUP = "training"

    train: str = option(
        "all",
        "What is trained: all (the network), head (on features computed once), or head-then-all.",
        choices=TRAININGS,
    )
    head: str = option(
        "logistic",
        "Head on the given labels, for --train=head: logistic, discriminant or embedding.",
        choices=HEAD_NAMES,
        used=lambda options: fits_head(options) and loss_of(options).logits,
    )
    meta_head: str = option(
        "discriminant",
        "Head of the meta-iterations, for --train=head: discriminant or logistic.",
        choices=META_HEAD_NAMES,
        used=lambda options: (
            fits_head(options)
            and not has_linear_embedding(options)
            and has_meta_iterations(options)
        ),
    )
    head_rounds: int = option(
        8,
        "Number of trainings of the head before the network's, for --train=head-then-all.",
        least=1,
        used=has_head_rounds,
    )
    head_image_size: int | None = option(
        None,
        "Height and width of images for the head's features, for --train=head-then-all.",
        least=32,
        most=4096,
        unit="pixels",
        without="as image_size",
        used=lambda options: options.train == "head-then-all",
    )
    mirror: bool = option(
        False,
        "Features are the mean over an image and its mirror image, for --train=head.",
        used=fits_head,
    )


@dataclass(frozen=True)
class ScheduleOptions(Options):
    """What the first training and the trainings of the meta-iterations have in common."""

    GROUP = "training"

    decay: str = option(
        "none",
        "Learning rate in a training: none (constant) or cosine (falls to 0).",
        choices=DECAYS,
        used=takes_steps,
    )
    warmup: float = option(
        0.0,
        "Share of the steps of a training in which the rate rises.",
        least=0,
        below=1,
        used=takes_steps,
    )
    settled_epochs: int | None = option(
        None,
        "Epochs without a fall of the loss by 0.01 that end a training early.",
        least=1,
        without="never",
        used=takes_steps,
    )
    ema_momentum: float = option(
        0.0,
        "Momentum of the average of the weights that ends a training; 0: no average.",
        least=0,
        below=1,
        used=takes_steps,
    )


@dataclass(frozen=True)
class TrainingOptions(Options):
    """Lengths, learning rates and where each training starts."""

    GROUP = "training"

    epochs: int | None = option(
        None,
        "Epochs of the first training.",
        least=1,
        of_data_set=True,
        used=lambda options: (
            takes_steps(options) and starts_from_few_labels(options) and options.steps is None
        ),
    )
    meta_epochs: int | None = option(
        None,
        "Epochs of each meta-iteration.",
        least=1,
        of_data_set=True,
        used=lambda options: takes_meta_steps(options) and options.meta_steps is None,
    )
    steps: int | None = option(
        None,
        "Gradient steps of the first training, in place of epochs.",
        least=1,
        used=lambda options: takes_steps(options) and starts_from_few_labels(options),
    )
    meta_steps: int | None = option(
        None,
        "Gradient steps of each meta-iteration, in place of meta_epochs.",
        least=1,
        used=takes_meta_steps,
    )
    optimizer: str | None = option(
        None,
        "Optimiser: adam, rmsprop or sgd.",
        choices=tuple(OPTIMIZERS),
        without="the loss's",
        used=takes_steps,
    )
    learning_rate: float = option(
        1e-4, "Learning rate of the first training.", above=0, used=takes_steps
    )
    self_learning_rate: float | None = option(
        None,
        "Learning rate of the meta-iterations.",
        above=0,
        without="a tenth of learning_rate",
        used=takes_meta_steps,
    )
    restart: bool = option(
        False,
        "Start each training from the initial weights, and not from the present ones (the paper).",
        used=takes_meta_steps,
    )


@dataclass(frozen=True)
class AllLabelledOptions(Options):
    """Options for a training on all labels."""

    GROUP = "training"

    all_labelled_epochs: int | None = option(
        None,
        "Epochs of the regime all-labelled.",
        least=1,
        without="the value of epochs",
        used=lambda options: takes_steps(options) and not starts_from_few_labels(options),
    )
