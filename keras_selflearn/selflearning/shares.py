"""The share of the unlabelled images that is selected: one number, or a list of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras_selflearn.console.errors import InputError, check_number

_NAME = "The selection percentage"


def shares_of(percent: Any) -> tuple[float, ...]:
    """Read the option `selection_percent`.

    Parameters
    ----------
    percent : number, str, tuple or list
        A share in per cent, or two or more of them: "20,40,60", (20, 40, 60) or [20, 40, 60].

    Returns
    -------
    tuple of float
        The shares of the meta-iterations from 1 on: see `share_in`. A number is the only one.

    Raises
    ------
    InputError
        For a share that is not a number in (0, 100], and for a list of fewer than two.
    """
    if isinstance(percent, (str, tuple, list)):
        return _shares_in(percent)
    check_number(_NAME, percent, above=0, most=100)
    return (percent,)


def _shares_in(given: str | Sequence[Any]) -> tuple[float, ...]:
    parts = given.split(",") if isinstance(given, str) else given
    shares: tuple[Any, ...]
    try:
        shares = tuple(float(part) if isinstance(given, str) else part for part in parts)
    except ValueError:
        shares = ()
    if len(shares) < 2:
        raise InputError(
            f"{_NAME} is {given!r}: give a number above 0 and at most 100, or two or more of them"
            " with commas between them."
        )
    for share in shares:
        check_number(
            f"A share of {_NAME[0].lower()}{_NAME[1:]} {given!r}", share, above=0, most=100
        )
    return shares


def is_list(percent: Any) -> bool:
    """Whether the option `selection_percent` is a list."""
    return len(shares_of(percent)) > 1


def share_in(shares: Sequence[float], meta_iteration: int) -> float:
    """The share of this meta-iteration, from 1 on; after the last share of the list it stays."""
    return shares[min(max(meta_iteration, 1), len(shares)) - 1]


def as_option(shares: Sequence[float]) -> float | str:
    """The one form of the shares that tells runs apart: a number, or "20,40,60"."""
    if len(shares) == 1:
        return shares[0]
    return ",".join(f"{float(share):.15g}" for share in shares)
