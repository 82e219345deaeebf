"""The declared options in the docstring of the estimator."""

from __future__ import annotations

import inspect
from dataclasses import fields
from typing import Any

from keras_selflearn.console.option import default_of, explain, kind
from keras_selflearn.options.config import ESTIMATOR_DEFAULTS, EstimatorOptions


def with_options(cls: type) -> type:
    """Write the declared options into a class's docstring, in the place of OPTIONS."""
    lines = []
    for each in fields(EstimatorOptions):
        default = ESTIMATOR_DEFAULTS[each.name]
        lines.append(f"{each.name} : {kind(each)}, {_in_words(default)}")
        without = "" if default is not None else f" By default: {default_of(each) or 'none'}."
        lines.append(f"    {explain(each)}{without}")
    if cls.__doc__:  # There is none with `python -OO`.
        cls.__doc__ = inspect.cleandoc(cls.__doc__).replace("OPTIONS", "\n".join(lines))
    return cls


def _in_words(default: Any) -> str:
    if default is None:
        return "optional"
    return f'default="{default}"' if isinstance(default, str) else f"default={default}"
