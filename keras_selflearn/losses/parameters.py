"""The parameters of the losses, each declared once: a flag, and a field of the losses' classes.

TensorFlow must not come in, because `--help` and a mistyped flag must not wait for it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields, replace
from typing import Any

from keras_selflearn.console.errors import InputError
from keras_selflearn.console.option import Options, check_value, declared, option


def parse_weights(text: str | None) -> tuple[float, ...]:
    """Split "1,0.5" into numbers; none for None.

    Raises
    ------
    InputError
        For what is no number.
    """
    try:
        return tuple(float(each) for each in text.split(",")) if text is not None else ()
    except ValueError as error:
        raise InputError(
            f"loss_weights is '{text}': give comma-separated numbers, one for each loss."
        ) from error


@dataclass(frozen=True)
class LossParameters(Options):
    """The parameters of all losses, as flags."""

    GROUP = "loss"

    label_smoothing: float = option(
        0.0,
        "Label smoothing for cross-entropy: the share of each label spread over all classes.",
        least=0,
        below=1,
        losses=("cross-entropy",),
    )
    margin: float = option(
        1.0,
        "Margin of triplet and contrastive loss, in embedding distance.",
        above=0,
        losses=("triplet", "contrastive"),
    )
    triplet_distance: str = option(
        "euclidean",
        "Distance in triplet loss: euclidean (the paper's) or squared.",
        choices=("euclidean", "squared"),
        losses=("triplet",),
    )
    contrastive_power: int = option(
        1,
        "Power of the distance in contrastive loss: 1 (the paper's) or 2 (Hadsell's).",
        choices=(1, 2),
        losses=("contrastive",),
    )
    loss_weights: str | None = option(
        None,
        "Weights of the losses that are summed, such as 1,0.5 for --loss=cross-entropy+triplet.",
        check=parse_weights,
        without="1 for each",
        used=lambda options: "+" in str(options.loss),
    )
    arcface_scale: float = option(
        30.0, "Radius of ArcFace's hypersphere.", above=0, losses=("arcface",)
    )
    arcface_margin: float = option(
        0.5,
        "Angular margin of ArcFace.",
        least=0,
        most=math.pi / 2,
        unit="radians",
        losses=("arcface",),
    )


def parameter(flag: str, called: str) -> Any:
    """Make a field of a loss from the declaration of a flag.

    Parameters
    ----------
    flag : str
    called : str
        The name of the parameter in error sentences.
    """
    (each,) = (each for each in fields(LossParameters) if each.name == flag)
    own = replace(declared(each), called=called)
    return field(default=each.default, metadata={"option": own, "flag": flag})


def check_parameters(loss: Any) -> None:
    """Raise an `InputError` unless each `parameter` of a loss has a value that is allowed."""
    for each in fields(loss):
        if "option" in each.metadata:
            check_value(each, getattr(loss, each.name))
