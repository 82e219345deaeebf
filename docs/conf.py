"""How Sphinx builds the documentation: `make docs`."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from keras_selflearn import __version__
from keras_selflearn.console.quiet import import_tensorflow_quietly

sys.path.insert(0, str(Path(__file__).parent / "_ext"))
import_tensorflow_quietly()  # Autodoc imports it; its messages are none of Sphinx's.

project = "keras-selflearn"
version = release = __version__
html_title = f"{project} {version}"
language = "en-GB"
smartquotes = False  # Docstrings quote values of parameters.

extensions = ["myst_parser", "sphinx.ext.autodoc", "numpydoc", "flags", "mathml"]
exclude_patterns = ["_ext", "_static"]

# Pages are Markdown that GitHub shows, too: `$$` is its way of writing mathematics.
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
# Indented blocks are of the shell; what is Python says so.
highlight_language = "none"

# In docstrings, as in Markdown, single backquotes are code.
default_role = "code"
# Types are in the docstrings, with shapes, which hints can't tell.
autodoc_typehints = "none"
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True}
numpydoc_show_class_members = False
maximum_signature_line_length = 88

html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["custom.css"]
html_show_copyright = False
html_copy_source = False


def setup(app):
    """Connect what follows."""
    app.connect("source-read", _link_results)


def _link_results(app, docname, source):
    """A table of results has a page in results/, which includes it; GitHub shows the file."""
    table = r"\]\(\.\./results/([\w-]+)/(?:table\d|labels)\.md\)"
    source[0] = re.sub(table, r"](results/\1.md)", source[0])
