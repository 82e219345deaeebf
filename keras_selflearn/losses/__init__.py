"""The losses of section 3, one file each, and the base class `Objective`.

It may import `console`, and TensorFlow only when a class is first used, because that takes seconds.
How images are labelled must not come in: a loss names its default labeller, and that is all.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from keras_selflearn.console.errors import InputError, unknown_name

if TYPE_CHECKING:
    from keras_selflearn.losses.arcface import ArcFace
    from keras_selflearn.losses.combined import Combined
    from keras_selflearn.losses.contrastive import Contrastive
    from keras_selflearn.losses.cross_entropy import CrossEntropy
    from keras_selflearn.losses.objective import Objective
    from keras_selflearn.losses.triplet import Triplet

__all__ = ["ArcFace", "Combined", "Contrastive", "CrossEntropy", "Objective", "Triplet"]
__all__ += ["check_loss", "get_objective", "is_known", "loss_names", "names_in", "objective_class"]

# A new loss is a file and a line here: its name in `--loss`, its module and its class.
_LOSSES = {
    "arcface": ("arcface", "ArcFace"),
    "contrastive": ("contrastive", "Contrastive"),
    "cross-entropy": ("cross_entropy", "CrossEntropy"),
    "triplet": ("triplet", "Triplet"),
}
_MODULES = {class_name: module for module, class_name in _LOSSES.values()}
_MODULES |= {"Objective": "objective", "Combined": "combined"}


def loss_names() -> list[str]:
    """The names of single losses, in alphabetical order."""
    return sorted(_LOSSES)


def names_in(name: str) -> list[str]:
    """The names of the losses that "cross-entropy+triplet" sums, or the only name."""
    return name.split("+")


def is_known(name: str) -> bool:
    """Whether `name` is that of a loss of the package, or of a sum of them."""
    return all(each in _LOSSES for each in names_in(name))


def check_loss(name: str) -> None:
    """Raise an `InputError` unless `name` is that of a loss, or of a sum of different losses."""
    names = names_in(name) if isinstance(name, str) else [name]
    for each in names:
        if each not in loss_names():
            raise unknown_name("loss", each, _LOSSES)
    if len({*names}) < len(names):
        raise InputError(f"A sum of losses is '{name}': give two or more, each once.")


def get_objective(name: str, **parameters: Any) -> Objective:
    """Make the objective called `name`, with `parameters` in place of its defaults.

    Parameters
    ----------
    name : str
        A loss, or "cross-entropy+triplet" for the sum of two or more.
    **parameters
        Those of the loss. Of a sum: `weights`, and `losses` with the parameters of each.

    Raises
    ------
    InputError
        When there is no loss of that name.
    """
    check_loss(name)
    names = names_in(name)
    if len(names) == 1:
        return objective_class(name)(**parameters)
    of_each = parameters.pop("losses", [{}] * len(names))
    if len(of_each) != len(names):
        raise ValueError(f"there are parameters of {len(of_each)} losses in '{name}'")
    losses = tuple(objective_class(each)(**own) for each, own in zip(names, of_each))
    return __getattr__("Combined")(losses, **parameters)


def objective_class(name: str) -> type[Objective]:
    """The class of the objective called `name`; an `InputError` when there is none."""
    if name not in loss_names():
        raise unknown_name("loss", name, _LOSSES)
    return __getattr__(_LOSSES[name][1])


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
