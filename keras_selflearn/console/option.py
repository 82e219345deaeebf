"""Declare an option once: its default, its values, its help, and when a run uses it.

An option is a dataclass field that `option` makes. Flags, `--help`, checks, the estimator's
parameters and the pages of the documentation are made from these fields.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import Field, dataclass, field, fields
from typing import Any, Callable, ClassVar, Union

from keras_selflearn.console.errors import InputError, check_integer, check_number, unknown_name

Choices = Union[Sequence[Any], Callable[[], Sequence[Any]]]


@dataclass(frozen=True)
class Option:
    """What is declared of an option, besides its name, type and default.

    Attributes
    ----------
    help : str
        One sentence: what the option sets.
    unit : str
        The unit of a number.
    choices : sequence, or callable that returns one
        The only values that are allowed; empty: any.
    least, most, above, below : number or None
        The range of a number: `least` and `most` belong to it, `above` and `below` do not.
    without : str
        What happens if the option is None, in words for people.
    of_data_set : bool
        If the option is None, the data set decides.
    called : str
        The name in error sentences; empty: the field's.
    losses : tuple of str
        The losses that have this parameter. They check it. A run with another loss does not use it.
    used : callable
        Whether a run with these options uses this one.
    check : callable, optional
        Gets a value that is not None, and raises an `InputError` for one that is not allowed.
    required : bool
        A command needs it: see `check_required`.
    place : bool
        The option says where things are or what is shown. It never changes a result.
    measures : bool
        The option says when the run is measured. It changes what is recorded, and no result.
    """

    help: str
    unit: str = ""
    choices: Choices = ()
    least: float | None = None
    most: float | None = None
    above: float | None = None
    below: float | None = None
    without: str = ""
    of_data_set: bool = False
    called: str = ""
    losses: tuple[str, ...] = ()
    used: Callable[[Any], bool] = lambda options: True
    check: Callable[[Any], None] | None = None
    required: bool = False
    place: bool = False
    measures: bool = False

    def is_used(self, options: Any) -> bool:
        """Whether a run with these `options`, any object that has them all, uses this one."""
        names = str(options.loss).split("+") if self.losses else ()
        return (not self.losses or any(name in self.losses for name in names)) and self.used(
            options
        )

    def known(self) -> list[Any]:
        """The values that are allowed; empty if all are."""
        return list(self.choices() if callable(self.choices) else self.choices)

    def values(self) -> str:
        """Write the range and the unit as a sentence; empty if there is neither."""
        high = _bound("", self.most) or _bound("below ", self.below)
        if self.least is not None and high:
            text = f"{_bound('From ', self.least)} to {high}"
        else:
            low = _bound("At least ", self.least) or _bound("Above ", self.above)
            text = f"{low}, at most {high}" if high else low
        return f"{text or 'In'} {self.unit}".strip() + "." if text or self.unit else ""


def option(default: Any, help: str, **declared: Any) -> Any:
    """Make a dataclass field that is an option; `declared` are the attributes of `Option`."""
    return field(default=default, metadata={"option": Option(help, **declared)})


def same_as(options: type, name: str, default: Any = None) -> Any:
    """Make a field from an option that is declared elsewhere.

    Parameters
    ----------
    options : dataclass
        Where the option is declared.
    name : str
    default : optional
        A default of its own; None: the same.
    """
    (each,) = (each for each in fields(options) if each.name == name)
    return field(default=each.default if default is None else default, metadata=each.metadata)


@dataclass(frozen=True)
class Options:
    """Options that belong together: a group inherits from this class and declares them.

    Raises
    ------
    InputError
        For a value that its declaration does not allow.
    """

    GROUP: ClassVar[str] = ""

    def __post_init__(self) -> None:
        """Check each option by itself. Parameters of losses are checked by their loss."""
        for each in fields(self):
            if "option" in each.metadata and not declared(each).losses:
                check_value(each, getattr(self, each.name))


def declared(each: Field) -> Option:
    """What is declared of an option."""
    return each.metadata["option"]


def kind(each: Field) -> str:
    """The type of the values of an option, apart from None: `str`, `int`, `float` or `bool`."""
    return str(each.type).replace(" | None", "")


def group(options: type, name: str) -> str:
    """Find which of the groups in `options` declares the option called `name`."""
    owners = [base for base in options.__mro__ if name in vars(base).get("__annotations__", {})]
    return getattr(owners[-1], "GROUP", "")


def by_group(options: type) -> dict[str, list[Field]]:
    """Sort options by group. Groups and options keep the order of their declaration."""
    found: dict[str, list[Field]] = {}
    for each in fields(options):
        found.setdefault(group(options, each.name), []).append(each)
    return found


def explain(each: Field) -> str:
    """The help of an option, with its range."""
    required = "Required." if declared(each).required else ""
    return " ".join(filter(None, (declared(each).help, declared(each).values(), required)))


def default_of(each: Field) -> str:
    """Describe the default for people; empty if nothing replaces an option that is left out."""
    if each.default is not None:
        return str(each.default).lower()
    return "the data set's" if declared(each).of_data_set else declared(each).without


def check_value(each: Field, value: object, *, optional: bool | None = None) -> None:
    """Raise an `InputError` unless the option may have this value.

    Parameters
    ----------
    each : Field
        The option.
    value : object
    optional : bool, optional
        Whether None is allowed. By default it is allowed if it is the option's default.
    """
    if value is None and (each.default is None if optional is None else optional):
        return
    known, name, type_name = declared(each).known(), declared(each).called or each.name, kind(each)
    if declared(each).required and not value:
        return
    if value == "" and type_name == "str" and each.default != "":
        raise InputError(f"{name} can't be empty: leave it out.")
    if known:
        _check_choice(name, value, known)
    elif type_name == "int":
        least, most = declared(each).least, declared(each).most
        least = -(2**31) if least is None else least
        most = 2**31 - 1 if most is None else most
        check_integer(name, value, least=int(least), most=int(most))
    elif type_name == "float":
        bounds = {bound: getattr(declared(each), bound) for bound in _BOUNDS}
        check_number(name, value, **bounds)
    elif type_name == "bool" and not isinstance(value, bool):
        raise InputError(f"{name} is {value!r}: give True or False.")
    elif type_name == "str" and not isinstance(value, (str, os.PathLike)):
        raise InputError(f"{name} is {value!r}: give a text.")
    check = declared(each).check
    if check is not None:
        check(value)


def check_required(options: Options) -> None:
    """Raise an `InputError` unless all options that a command needs are given."""
    required = [f"--{each.name}" for each in fields(options) if declared(each).required]
    for name in required:
        if not getattr(options, name[2:]):
            several = f"{', '.join(required[:-1])} and " if required[1:] else ""
            raise InputError(f"Give {several}{required[-1]}: {name} is missing.")


_BOUNDS = ("above", "least", "below", "most")


def _check_choice(name: str, value: object, known: list[Any]) -> None:
    if all(isinstance(each, str) for each in known):
        if not (isinstance(value, str) and value in known):
            raise unknown_name(name, str(value), known)
    elif isinstance(value, (bool, float)) or value not in known:
        raise InputError(f"{name} is {value!r}: give {' or '.join(map(str, known))}.")


def _bound(word: str, bound: float | None) -> str:
    if bound is None:
        return ""
    return f"{word}{bound}" if isinstance(bound, int) else f"{word}{bound:.4g}"
