"""Errors and warnings for what a user can get wrong, each one sentence."""

from __future__ import annotations

import difflib
import math
import numbers
import textwrap
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
    hint = did_you_mean(str(name), known)
    return InputError(f"Unknown {kind} '{name}': {hint}Known are {', '.join(known)}.")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Ask for the most similar of the `known` names, before other advice; empty without one."""
    by_lower = {each.lower(): each for each in known}
    nearest = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.5)
    return f"did you mean '{by_lower[nearest[0]]}'? " if nearest else ""


def first_line(error: BaseException) -> str:
    """The first line of what an error says, for a sentence about it; else the error's kind."""
    lines = str(error).strip().splitlines()
    return (lines or [type(error).__name__])[0].rstrip(".")[:200]


def one_line(error: BaseException) -> str:
    """The kind of an error and what it says, in one line."""
    return textwrap.shorten(f"{type(error).__name__}: {error}", width=300)


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
