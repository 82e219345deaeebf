"""The directive `flags`: a command's flags, one table for each group of its declared options."""

from __future__ import annotations

import importlib
from dataclasses import Field

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx

from keras_selflearn.console.option import by_group, default_of, explain


class Flags(Directive):
    """Takes `module:class` of the dataclass that declares the flags."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """The tables, each below the title of its group."""
        module, name = self.arguments[0].split(":")
        found: list[nodes.Node] = []
        for title, options in by_group(getattr(importlib.import_module(module), name)).items():
            if title:
                found.append(nodes.rubric("", title.capitalize()))
            found.append(_table(options))
        return found


def _table(options: list[Field]) -> nodes.table:
    head = _row(*(nodes.Text(title) for title in ("flag", "meaning", "default")))
    rows = [
        _row(
            nodes.literal(text=f"--{each.name}"),
            nodes.Text(explain(each)),
            nodes.Text(default_of(each)),
        )
        for each in options
    ]
    columns = [nodes.colspec(colwidth=1) for _ in range(3)]
    group = nodes.tgroup(
        "", *columns, nodes.thead("", head), nodes.tbody("", *rows), cols=len(columns)
    )
    return nodes.table("", group, classes=["flags"])


def _row(*cells: nodes.Node) -> nodes.row:
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", cell)) for cell in cells))


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the directive."""
    app.add_directive("flags", Flags)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
