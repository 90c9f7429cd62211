"""The pages of the documentation, for whoever installed the package and has no docs/ beside it."""

from __future__ import annotations

from pathlib import Path

import click

_INSTALLED = Path(__file__).parent.parent / "docs"
_CHECKOUT = Path(__file__).parent.parent.parent / "docs"

_MADE = ("index", "commands")
"""Pages that are made when the site is built: there is nothing to read in them as they stand."""

_EXPECTATIONS = Path(__file__).parent.parent / "expectations" / "README.md"
"""What the page of expectations is on the site; docs/ has a line there that includes it."""


def pages() -> dict[str, Path]:
    """The pages, each by the name that it is asked for."""
    folder = _INSTALLED if _INSTALLED.is_dir() else _CHECKOUT
    found = {page.stem: page for page in sorted(folder.glob("*.md")) if page.stem not in _MADE}
    return {name: _EXPECTATIONS if name == "expectations" else page for name, page in found.items()}


@click.command()
@click.argument("page", default="")
def docs(page: str) -> None:
    """Print PAGE of the documentation; without it, which pages there are.

    \b
    Examples:
      torchstone docs
      torchstone docs subjects      how to test an implementation of your own
      torchstone docs protocol      how to write a runner in any language
    """
    found = pages()
    if not page:
        width = max(map(len, found), default=0)
        for name, path in found.items():
            title = path.read_text("utf-8").partition("\n")[0].lstrip("# ")
            click.echo(f"{name:<{width}}  {title}")
        return
    if page.removesuffix(".md") not in found:
        raise click.ClickException(f"no page is named {page!r}; `torchstone docs` lists them")
    click.echo_via_pager(found[page.removesuffix(".md")].read_text("utf-8"))
