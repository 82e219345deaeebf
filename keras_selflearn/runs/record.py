"""Whether a finished run's run.json is what the package writes, as far as it is read again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from keras_selflearn.console.errors import check_integer, check_number
from keras_selflearn.options.config import Config

_TEXTS = ("keras_selflearn", "python", "cpu", "precision")
_SIZES = ("labelled", "selected", "remaining", "gradient_steps")


def check_record(record: Mapping[str, Any]) -> None:
    """Raise where a part that the package reads is missing or of another type.

    Raises
    ------
    KeyError, TypeError, ValueError
        The last an `InputError` for a number out of range.
    """
    _check_config(record["config"])
    _check_environment(record["environment"])
    _check_type("weights_sha256", record["weights_sha256"], str, type(None))
    data = record["data"]
    for name in ("train", "test", "labelled"):
        check_integer(f"data's {name}", data[name], least=int(name != "test"))
    _check_texts("classes", data["classes"])
    _check_type("history", record["history"], list)
    for number, each in enumerate(record["history"]):
        _check_history(each, number)
    _check_type("test_accuracy", record["test_accuracy"], dict)
    for name, value in record["test_accuracy"].items():
        check_number(f"test_accuracy's {name}", value, least=0, most=100)
    check_number("seconds", record["seconds"], least=0)


def read_config(record: Mapping[str, Any]) -> Config:
    """What a run asked for, its record checked; flags of other versions are left out.

    Raises
    ------
    KeyError, TypeError, ValueError
        As `check_record`.
    """
    check_record(record)
    known = {each.name for each in fields(Config)}
    return Config(**{name: value for name, value in record["config"].items() if name in known})


def _check_config(config: Mapping[str, Any]) -> None:
    _check_type("config", config, dict)
    for each in fields(Config):
        if each.name not in config:
            continue
        value = config[each.name]
        kind = each.type.replace(" | None", "")
        if value is None and each.default is None:
            continue
        if kind in ("int", "float"):
            check_number(each.name, value)
        if kind == "int":
            check_integer(each.name, value, least=0, most=2**32 - 1)
        if kind in ("str", "bool"):
            _check_type(each.name, value, {"str": str, "bool": bool}[kind])
    check_integer("batch_size", config.get("batch_size", Config.batch_size), least=1)


def _check_environment(environment: Mapping[str, Any]) -> None:
    for name in _TEXTS:
        _check_type(name, environment[name], str)
    _check_type("git_commit", environment["git_commit"], str, type(None))
    _check_texts("gpus", environment["gpus"])
    for name in ("tensorflow", "keras"):
        _check_type(name, environment["packages"][name], str, type(None))


def _check_history(record: Mapping[str, Any], number: int) -> None:
    if record["meta_iteration"] != number:
        raise ValueError(f"record {number} of the history is of {record['meta_iteration']!r}")
    for name in _SIZES:
        # Records of version 0.1.0 have no gradient_steps.
        if name in record or name != "gradient_steps":
            check_integer(name, record[name], least=int(name == "labelled"))
    if record["validation_accuracy"] is not None:
        check_number("validation_accuracy", record["validation_accuracy"], least=0, most=100)


def _check_texts(name: str, values: object) -> None:
    _check_type(name, values, list)
    for each in values:
        _check_type(name, each, str)


def _check_type(name: str, value: object, *types: type) -> None:
    if not isinstance(value, types):
        raise TypeError(f"{name} is {str(value)[:60]!r}")
