"""The documentation as a site: ``tox -e docs`` builds it with warnings as errors."""

from __future__ import annotations

import re
from importlib.metadata import version as installed

project = "torchstone"
author = "the torchstone authors"
copyright = author
version = release = installed("torchstone")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx_click"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"torchstone {version}"
html_theme_options = {"source_directory": "docs/"}
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3

autodoc_typehints = "description"
autodoc_typehints_format = "short"
autodoc_member_order = "bysource"
# Where a class is defined is not what its user imports.
add_module_names = False
nitpicky = False

LINK_OUT = re.compile(r"\[([^\]]+)\]\((?:\.\./)+[^)]*\)")


def links_stay_inside(app, docname, source) -> None:  # type: ignore[no-untyped-def]
    """Pages link to files beside docs/, which are no pages of the site: there, the words are enough."""
    source[0] = LINK_OUT.sub(r"\1", source[0])


def setup(app) -> None:  # type: ignore[no-untyped-def]
    app.connect("source-read", links_stay_inside)
