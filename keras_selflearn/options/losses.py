"""Which loss a run trains with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from keras_selflearn.console.option import Options, option
from keras_selflearn.losses import (
    check_loss,
    get_objective,
    loss_names,
    names_in,
    objective_class,
)


def loss_of(options: Any) -> Any:
    """The class of the loss, or an `Objective`: both have its attributes."""
    if not isinstance(options.loss, str):
        return options.loss
    is_single = len(names_in(options.loss)) == 1
    return objective_class(options.loss) if is_single else get_objective(options.loss)


def takes_probabilities(options: Any) -> bool:
    """Whether the loss takes probabilities in place of labels."""
    loss = loss_of(options)
    return loss.logits and not loss.is_sum


@dataclass(frozen=True)
class LossOptions(Options):
    """The loss by name. `keras_selflearn.losses.parameters` declares the losses' parameters."""

    GROUP = "loss"

    loss: str = option(
        "cross-entropy",
        f"Loss: {', '.join(loss_names())}, or a sum: cross-entropy+triplet.",
        check=check_loss,
    )
