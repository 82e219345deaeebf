"""Errors and warnings for what a user can get wrong, each one sentence."""

from __future__ import annotations

import difflib
import math
import numbers
from collections.abc import Iterable
from typing import Any


class InputError(ValueError):
    """An input that can't be used. The message says what is wrong, where, and what to do.

    The command line prints it without a traceback and exits with status 2. In Python it is a
    `ValueError`.
    """


class InputWarning(UserWarning):
    """An input that can be used, but is probably not what the user wants."""


def unknown_name(kind: str, name: str, known: Iterable[str]) -> InputError:
    """Make the error for an unknown `name`. It suggests the most similar of the `known` names."""
    known = sorted(known)
    nearest = difflib.get_close_matches(str(name), known, n=1, cutoff=0.5)
    hint = f"did you mean '{nearest[0]}'? " if nearest else ""
    return InputError(f"Unknown {kind} '{name}': {hint}Known are {', '.join(known)}.")


def in_any_case(name: str, known: Iterable[str]) -> str | None:
    """Find the `known` name that differs at most in upper and lower case; None without one."""
    return {each.lower(): each for each in known}.get(name.lower())


def check_number(
    name: str,
    value: Any,
    *,
    above: float | None = None,
    least: float | None = None,
    below: float | None = None,
    most: float | None = None,
) -> None:
    """Raise an `InputError` unless `value` is a finite number within the bounds given."""
    bounds = {"above": above, "at least": least, "below": below, "at most": most}
    given = [f"{word} {bound}" for word, bound in bounds.items() if bound is not None]
    wanted = " and ".join(given) or "that is finite"
    is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not (
        is_number
        and math.isfinite(value)
        and (above is None or value > above)
        and (least is None or value >= least)
        and (below is None or value < below)
        and (most is None or value <= most)
    ):
        raise InputError(f"{name} is {value!r}: give a number {wanted}.")


def check_integer(name: str, value: Any, *, least: int, most: int = 2**31 - 1) -> None:
    """Raise an `InputError` unless `value` is an integer from `least` to `most`."""
    is_integer = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not (is_integer and least <= value <= most):
        raise InputError(f"{name} is {value!r}: give an integer from {least} to {most}.")
