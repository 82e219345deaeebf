"""Which loss a run trains with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from keras_selflearn.console.option import Options, option
from keras_selflearn.losses import loss_names, objective_class


def loss_of(options: Any) -> Any:
    """The class of the loss, or the `Objective` itself: both have its attributes."""
    return objective_class(options.loss) if isinstance(options.loss, str) else options.loss


@dataclass(frozen=True)
class LossOptions(Options):
    """The loss by name. `keras_selflearn.losses.parameters` declares the losses' parameters."""

    GROUP = "loss"

    loss: str = option("cross-entropy", f"Loss: {', '.join(loss_names())}.", choices=loss_names)
