"""The directive `flags`: a command's flags as a table, from the dataclass that they are made of."""

from __future__ import annotations

import importlib
from dataclasses import Field, fields

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx


class Flags(Directive):
    """`module:class` of the dataclass."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """The table."""
        module, name = self.arguments[0].split(":")
        command = getattr(importlib.import_module(module), name)
        head = _row(nodes.Text("flag and default"), nodes.Text("meaning"))
        rows = [
            _row(nodes.literal(text=_as_given(each)), nodes.Text(each.metadata["help"]))
            for each in fields(command)
        ]
        columns = [nodes.colspec(colwidth=1) for _ in range(2)]
        group = nodes.tgroup(
            "", *columns, nodes.thead("", head), nodes.tbody("", *rows), cols=len(columns)
        )
        return [nodes.table("", group, classes=["flags"])]


def _as_given(flag: Field) -> str:
    value = "" if flag.default is None else f"={str(flag.default).lower()}"
    return f"--{flag.name}{value}"


def _row(*cells: nodes.Node) -> nodes.row:
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", cell)) for cell in cells))


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the directive."""
    app.add_directive("flags", Flags)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
