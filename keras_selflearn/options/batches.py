"""What a mini-batch holds: which images, how they are changed, and what their targets are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from keras_selflearn.console.errors import InputError
from keras_selflearn.console.option import Options, option
from keras_selflearn.labelling import labeller_class
from keras_selflearn.options.augmentation import parse_augmentations
from keras_selflearn.options.labelling import labelling_of
from keras_selflearn.options.losses import loss_of, takes_probabilities
from keras_selflearn.options.selflearning import has_meta_iterations
from keras_selflearn.options.training import takes_meta_steps, takes_steps, trains_network

TARGETS = ("hard", "soft")
PSEUDO_WEIGHTS = ("equal", "confidence")


@dataclass(frozen=True)
class BatchOptions(Options):
    """The mini-batches of a training by gradient steps."""

    GROUP = "training"

    batch_size: int = option(100, "Images in a mini-batch.", least=1, used=takes_steps)
    augment: str = option(
        "shift",
        "Augmentations, comma-separated, such as shift,flip; none. docs/self-learning.md has all.",
        check=parse_augmentations,
        used=trains_network,
    )
    pseudo_augment: str = option(
        "none",
        "More augmentations, for pseudo-labelled images only: names as for augment.",
        check=parse_augmentations,
        used=lambda options: trains_network(options) and has_meta_iterations(options),
    )
    labelled_share: float | None = option(
        None,
        "Share of each mini-batch that has given labels, in the meta-iterations.",
        above=0,
        below=1,
        without="all labelled images are drawn alike",
        used=takes_meta_steps,
    )
    images_per_class: int | None = option(
        None,
        "Images of each class in a mini-batch, of as many classes as batch_size allows.",
        least=2,
        without="images are drawn whatever their class",
        used=takes_steps,
    )
    targets: str = option(
        "hard",
        "Targets of pseudo-labels: hard (the paper), or soft (the labeller's probabilities).",
        choices=TARGETS,
        used=lambda options: takes_meta_steps(options) and takes_probabilities(options),
    )
    pseudo_weights: str = option(
        "equal",
        "Weights of pseudo-labelled images: equal (the paper), or confidence (the labeller's).",
        choices=PSEUDO_WEIGHTS,
        used=lambda options: takes_meta_steps(options) and loss_of(options).weighs,
    )


def check_batches(options: Any) -> None:
    """Raise an `InputError` for batches that the loss can't take, or that can't be mixed."""
    if options.labelled_share is not None and options.batch_size < 2:
        raise InputError(
            f"labelled_share is {options.labelled_share}, and batch_size is {options.batch_size}:"
            " give at least 2, one image with a given label and one without."
        )
    per_class = options.images_per_class
    if per_class is not None and options.batch_size < 2 * per_class:
        raise InputError(
            f"images_per_class is {per_class}, and batch_size is {options.batch_size}: give a"
            f" batch_size of at least {2 * per_class}, for two classes."
        )
    if per_class is not None and options.labelled_share is not None:
        raise InputError(
            "images_per_class and labelled_share both say which images a mini-batch has: leave one"
            " of them out."
        )
    if options.targets == "soft" and not takes_probabilities(options):
        raise InputError(
            "targets is 'soft', which needs a loss of logits alone: give loss 'cross-entropy', or"
            " targets 'hard'."
        )
    if options.pseudo_weights == "confidence":
        _check_weights(loss_of(options), labelling_of(options))


def _check_weights(loss: Any, labelling: str) -> None:
    """Raise an `InputError` unless images can weigh by the confidence of their labels."""
    if not loss.weighs:
        raise InputError(
            f"pseudo_weights is 'confidence', and the loss {loss.name} has no value for each image"
            " that could be weighed: give loss 'cross-entropy' or 'arcface', or pseudo_weights"
            " 'equal'."
        )
    if labeller_class(labelling).confidence_range(loss.normalized) != (0, 1):
        raise InputError(
            f"pseudo_weights is 'confidence', and the confidence of labelling '{labelling}' is not"
            " from 0 to 1: give another labelling, such as 'graph', or pseudo_weights 'equal'."
        )
