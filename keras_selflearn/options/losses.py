"""Which loss a run trains with."""

from __future__ import annotations

from dataclasses import dataclass

from keras_selflearn.console.option import Options, option
from keras_selflearn.losses import loss_names


@dataclass(frozen=True)
class LossOptions(Options):
    """The loss by name. `keras_selflearn.losses.parameters` declares the losses' parameters."""

    GROUP = "loss"

    loss: str = option("cross-entropy", f"Loss: {', '.join(loss_names())}.", choices=loss_names)
