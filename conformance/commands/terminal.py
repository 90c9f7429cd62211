"""The terminal, and a bar on it that tells how far something is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from rich.console import Console
from rich.progress import Progress, ProgressColumn


def console() -> Console:
    """Standard output as it is now: pytest puts something else in its place while tests run."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="replace")
    # A file or a log has no width: wide enough for two traces side by side, unless COLUMNS says otherwise.
    width = None if out.isatty() or "COLUMNS" in os.environ else 120
    return Console(file=out, highlight=False, markup=False, width=width)


@contextmanager
def busy(text: str) -> Iterator[None]:
    """Says on standard error what takes a few seconds, where somebody is looking at it."""
    err = Console(stderr=True)
    if not err.is_terminal:
        yield
        return
    with err.status(text):
        yield


class Bar:
    """A context in which a bar is shown, where there is a terminal."""

    def __init__(self, console: Console, *columns: ProgressColumn) -> None:
        self.console = console
        self.bar = Progress(*columns, console=console, transient=True)

    def __enter__(self) -> Self:
        if self.console.is_terminal:
            self.bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        if self.console.is_terminal:
            self.bar.stop()
