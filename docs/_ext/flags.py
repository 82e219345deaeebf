"""The directive `flags`: a command's flags as a table, from the dataclass that they are made of."""

from __future__ import annotations

import importlib
from dataclasses import fields

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx

_WIDTHS = {"flag": 30, "default": 15, "meaning": 55}


class Flags(Directive):
    """`module:class` of the dataclass; where there are two, only flags that the second lacks."""

    required_arguments = 1
    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        """The table."""
        command, *shown = map(_resolve, self.arguments)
        known = {each.name for other in shown for each in fields(other)}
        body = nodes.tbody()
        for each in fields(command):
            if each.name not in known:
                default = "" if each.default is None else str(each.default).lower()
                body += _row(
                    nodes.literal(text=f"--{each.name}"),
                    nodes.literal(text=default) if default else nodes.Text(""),
                    nodes.Text(each.metadata["help"]),
                )
        group = nodes.tgroup(cols=len(_WIDTHS))
        group += [nodes.colspec(colwidth=width) for width in _WIDTHS.values()]
        group += [nodes.thead("", _row(*map(nodes.Text, _WIDTHS))), body]
        return [nodes.table("", group, classes=["flags"])]


def _resolve(name: str) -> type:
    module, kind = name.split(":")
    return getattr(importlib.import_module(module), kind)


def _row(*cells: nodes.Node) -> nodes.row:
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", cell)) for cell in cells))


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the directive."""
    app.add_directive("flags", Flags)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
