"""The version of torchstone."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def torchstone_version() -> str:
    """The version of the installed distribution; ``unknown`` where it runs from a source tree that nobody installed."""
    try:
        return version("torchstone")
    except PackageNotFoundError:
        return "unknown"
