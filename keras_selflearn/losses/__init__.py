"""The losses of section 3, one file each, and the base class `Objective`.

It may import `console`, and TensorFlow only when a class is first used, because that takes seconds.
How images are labelled must not come in: a loss names its default labeller, and that is all.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from keras_selflearn.console.errors import unknown_name

if TYPE_CHECKING:
    from keras_selflearn.losses.arcface import ArcFace
    from keras_selflearn.losses.contrastive import Contrastive
    from keras_selflearn.losses.cross_entropy import CrossEntropy
    from keras_selflearn.losses.objective import Objective
    from keras_selflearn.losses.triplet import Triplet

__all__ = ["ArcFace", "Contrastive", "CrossEntropy", "Objective", "Triplet"]
__all__ += ["get_objective", "loss_names", "objective_class"]

# A new loss is a file and a line here: its name in `--loss`, its module and its class.
_LOSSES = {
    "arcface": ("arcface", "ArcFace"),
    "contrastive": ("contrastive", "Contrastive"),
    "cross-entropy": ("cross_entropy", "CrossEntropy"),
    "triplet": ("triplet", "Triplet"),
}
_MODULES = {class_name: module for module, class_name in _LOSSES.values()}
_MODULES["Objective"] = "objective"


def loss_names() -> list[str]:
    """The names that `get_objective` knows, in alphabetical order."""
    return sorted(_LOSSES)


def get_objective(name: str, **parameters: Any) -> Objective:
    """Make the objective called `name`, with `parameters` in place of its defaults.

    Raises
    ------
    InputError
        When there is no loss of that name.
    """
    return objective_class(name)(**parameters)


def objective_class(name: str) -> type[Objective]:
    """The class of the objective called `name`; an `InputError` when there is none."""
    if name not in loss_names():
        raise unknown_name("loss", name, _LOSSES)
    return __getattr__(_LOSSES[name][1])


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
