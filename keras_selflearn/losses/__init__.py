"""The losses of section 3, one file each: the file's name, with dashes, is the loss's name."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from keras_selflearn.console.errors import unknown_name

if TYPE_CHECKING:
    from keras_selflearn.losses.objective import Objective


def loss_names() -> list[str]:
    """The names that `get_objective` knows, in alphabetical order."""
    return ["arcface", "contrastive", "cross-entropy", "triplet"]


def get_objective(name: str, **parameters: Any) -> Objective:
    """The objective called `name`, with the given `parameters` in place of its defaults.

    Raises
    ------
    InputError
        When there is no such loss.
    """
    return objective_class(name)(**parameters)


def objective_class(name: str) -> type[Objective]:
    """The class of the objective called `name`; `InputError` when there is none."""
    if name not in loss_names():
        raise unknown_name("loss", name, loss_names())
    module = importlib.import_module(f"{__name__}.{name.replace('-', '_')}")
    return module.OBJECTIVE
