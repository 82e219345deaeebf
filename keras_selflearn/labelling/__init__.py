"""Ways to label embeddings and to say how sure each label is, one way in one file.

It may import `console`, and TensorFlow only when a graph is asked for. A loss, a network or a file
must not come in: a labeller gets arrays.
"""

from __future__ import annotations

import importlib
from typing import Any

from keras_selflearn.console.errors import InputError, check_number, unknown_name
from keras_selflearn.labelling.labeller import Labeller, Labels, Setting

__all__ = ["Labeller", "Labels", "Setting", "check_labelling", "labeller_class", "labeller_names"]
__all__ += ["make_labeller", "register_labeller"]

# A class is imported when it is first used, because `--help` needs nothing but the names.
_LABELLERS: dict[str, str | type[Labeller]] = {
    "graph": "graph:GraphLabeller",
    "nearest": "nearest_neighbour:NearestNeighbourLabeller",
    "softmax": "softmax:SoftmaxLabeller",
    "vote": "vote:VoteLabeller",
}


def labeller_names() -> list[str]:
    """The names that `labelling` takes, in alphabetical order."""
    return sorted(_LABELLERS)


def register_labeller(labeller: type[Labeller]) -> type[Labeller]:
    """Make a class of your own known by its `name`; also a decorator.

    A saved classifier that labels with it needs it to be registered before it is loaded.

    Raises
    ------
    InputError
        When another labeller has that name.
    """
    known = _LABELLERS.get(labeller.name)
    # A notebook's cell may run twice.
    if known is not None and getattr(known, "__qualname__", None) != labeller.__qualname__:
        raise InputError(f"There is a labeller called '{labeller.name}': choose another name.")
    _LABELLERS[labeller.name] = labeller
    return labeller


def labeller_class(name: str) -> type[Labeller]:
    """The class of the labeller called `name`.

    Raises
    ------
    InputError
        When there is no labeller of that name.
    """
    if name not in labeller_names():
        raise unknown_name("labelling", name, _LABELLERS)
    found = _LABELLERS[name]
    if isinstance(found, str):
        module, _, class_name = found.partition(":")
        found = getattr(importlib.import_module(f"{__name__}.{module}"), class_name)
    return found


def make_labeller(name: str, **setting: Any) -> Labeller:
    """Make the labeller called `name`; it labels once it is fitted.

    Parameters
    ----------
    name : str
        One of `labeller_names()`.
    **setting
        The attributes of `Setting`.
    """
    return labeller_class(name)(Setting(**setting))


def check_labelling(
    name: str, min_confidence: float | None = None, *, logits: bool, normalized: bool
) -> None:
    """Check what can be checked before there is a network.

    Parameters
    ----------
    name : str
    min_confidence : float, optional
        The least confidence of a pseudo-label.
    logits, normalized : bool
        Whether the loss has a head that gives logits, and whether embeddings have length 1.

    Raises
    ------
    InputError
        For an unknown name, a labeller that needs a head where the loss has none, or a
        `min_confidence` that this labeller can't give.
    """
    labeller = labeller_class(name)
    if labeller.needs_logits and not logits:
        raise InputError(
            f"Labelling '{name}' needs a loss with logits, such as cross-entropy: choose that loss"
            " or another labelling."
        )
    if min_confidence is not None:
        least, most = labeller.confidence_range(normalized)
        check_number("min_confidence", min_confidence, least=least, most=most)
