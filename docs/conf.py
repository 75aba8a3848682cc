"""The site, built by ``make docs``: Markdown pages, and docstrings as they are in the code."""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx

import shaspec
from shaspec.models.registry import PRESETS
from shaspec.training.methods import METHODS

project = "napari-shaspec"
author = "the napari-shaspec contributors"
copyright = author
version = release = shaspec.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
]
exclude_patterns = ["_build", "_printed"]  # printed output is included by the pages

myst_enable_extensions = ["colon_fence", "dollarmath", "substitution"]
myst_heading_anchors = 3
myst_substitutions = {
    "networks": ", ".join(f"`{name}` ({', '.join(p)})" for name, p in PRESETS.items()),
    "trainable": ", ".join(f"`{name}`" for name in METHODS),
}

default_role = "py:obj"  # `Case` in a docstring is a link where there is something to link to
autodoc_member_order = "bysource"
autodoc_default_options = {"undoc-members": True, "exclude-members": "model_config"}
autodoc_type_aliases = {"Array": "Array", "Subset": "Subset"}
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 80

html_theme = "furo"
html_title = f"napari-shaspec {version}"
html_show_sourcelink = False


def plain_text(_app: Sphinx, what: str, _name: str, _thing: Any, _o: Any, lines: list[str]) -> None:
    """Docstrings as they are meant, before they are read as reStructuredText.

    Shapes such as (K, *spatial) begin nothing emphasised, and what stands before a colon in the
    text below an attribute is not its type.
    """
    for i, line in enumerate(lines):
        pieces = re.split(r"(`+[^`]*`+)", line)  # every second one is between backticks
        pieces[::2] = [piece.replace("*", r"\*") for piece in pieces[::2]]
        lines[i] = "".join(pieces)
    if what in ("attribute", "property"):
        lines[:0] = ["..", ""]  # napoleon looks for a type in the first line: an empty comment


def setup(app: Sphinx) -> None:
    """Sphinx calls this."""
    app.connect("autodoc-process-docstring", plain_text, priority=400)  # before napoleon
