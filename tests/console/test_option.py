from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import pytest

from keras_selflearn.console.errors import InputError
from keras_selflearn.console.option import (
    Options,
    by_group,
    check_required,
    check_value,
    default_of,
    explain,
    option,
    same_as,
)


@dataclass(frozen=True)
class First(Options):
    GROUP = "first"

    size: int = option(3, "Size.", least=1, most=9, unit="pixels")
    share: float = option(0.5, "Share.", least=0, below=1)
    kind: str = option("a", "Kind: a or b.", choices=("a", "b"))
    power: int = option(1, "Power: 1 or 2.", choices=(1, 2))


@dataclass(frozen=True)
class Second(Options):
    GROUP = "second"

    path: str | None = option(None, "Path.", required=True)
    exact: bool = option(False, "Exact.")
    name: str | None = option(None, "Name.", called="The name", without="no name")


@dataclass(frozen=True)
class Both(Second, First):
    size_too: int = same_as(First, "size", 5)


OPTIONS = {each.name: each for each in fields(Both)}


@pytest.mark.parametrize(
    ("declared", "text"),
    [
        ({}, ""),
        ({"unit": "minutes"}, "In minutes."),
        ({"least": 1}, "At least 1."),
        ({"above": 0, "unit": "minutes"}, "Above 0 minutes."),
        ({"least": 0, "most": 100}, "From 0 to 100."),
        ({"least": 0, "below": 1}, "From 0 to below 1."),
        ({"above": 0, "most": 0.123456}, "Above 0, at most 0.1235."),
    ],
)
def test_help_ends_with_the_range_and_the_unit(declared, text):
    @dataclass(frozen=True)
    class One(Options):
        x: float = option(1.0, "A number.", **declared)

    assert explain(fields(One)[0]) == f"A number. {text}".strip()


def test_groups_keep_their_options():
    found = {title: [each.name for each in options] for title, options in by_group(Both).items()}
    assert found["first"] == ["size", "share", "kind", "power"]
    assert found["second"] == ["path", "exact", "name", "size_too"]


def test_a_group_checks_itself():
    assert First(size=9, share=0.0).kind == "a"
    with pytest.raises(InputError, match="size is 10: give an integer from 1 to 9"):
        First(size=10)
    with pytest.raises(InputError, match="size is 0"):
        Both(size=0)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("size", 2.5, "size is 2.5: give an integer from 1 to 9"),
        ("size", None, "size is None"),
        ("size_too", 10, "size_too is 10: give an integer from 1 to 9"),
        ("share", 1.0, "share is 1.0: give a number at least 0 and below 1"),
        ("share", float("nan"), "share is nan"),
        ("kind", "c", "Unknown kind 'c'"),
        ("kind", 3, "Unknown kind '3'"),
        ("kind", "", "kind can't be empty: leave it out"),
        ("power", 3, "power is 3: give 1 or 2"),
        ("power", True, "power is True: give 1 or 2"),
        ("exact", "yes", "exact is 'yes': give True or False"),
        ("name", 3, "The name is 3: give a text"),
    ],
)
def test_a_wrong_value_is_an_error_that_names_the_option(name, value, message):
    with pytest.raises(InputError) as error:
        check_value(OPTIONS[name], value)
    assert str(error.value).startswith(message)


@pytest.mark.parametrize(
    ("name", "value"),
    [("size", 1), ("share", 0), ("kind", "b"), ("power", 2), ("name", None), ("name", Path("x"))],
)
def test_a_right_value_passes(name, value):
    check_value(OPTIONS[name], value)


def test_none_is_allowed_where_the_caller_says_so():
    check_value(OPTIONS["size"], None, optional=True)
    with pytest.raises(InputError, match="The name is None"):
        check_value(OPTIONS["name"], None, optional=False)


def test_the_default_is_said():
    assert default_of(OPTIONS["size_too"]) == "5"
    assert default_of(OPTIONS["exact"]) == "false"
    assert default_of(OPTIONS["name"]) == "no name"
    assert default_of(OPTIONS["path"]) == ""


@pytest.mark.parametrize("value", [None, ""])
def test_what_a_command_needs_is_named(value):
    check_required(Second(path="x"))
    with pytest.raises(InputError, match="Give --path: --path is missing"):
        check_required(Second(path=value))
