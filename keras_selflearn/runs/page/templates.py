"""Templates of HTML pages: whatever is filled in becomes text that can do no harm."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from keras_selflearn.runs.page import text


def render(template: str, *, package: str = "keras_selflearn.runs.page", **values: Any) -> Markup:
    """Fill in a template from the folder `assets` of a package."""
    return Markup(_environment(package).get_template(template).render(**values))


@cache
def _environment(package: str) -> Environment:
    environment = Environment(
        loader=PackageLoader(package, "assets"),
        autoescape=True,
        finalize=_harmless,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for each in (text.clean, text.count, text.name, text.percent, text.percents, text.share):
        environment.filters[each.__name__] = each
    return environment


def _harmless(value: Any) -> Any:
    return value if hasattr(value, "__html__") else text.escape(value)
