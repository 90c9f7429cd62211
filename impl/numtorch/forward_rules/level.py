"""Entering and leaving the dual level."""

from __future__ import annotations

from .. import tangents
from ..calls import replacing


def enter() -> None:
    """Enter the dual level: operators look for tangents from now on."""
    replacing.hold()
    tangents.entered = tangents.Level()


def leave() -> None:
    """Leave it: the tangents are gone, and operators are what they were."""
    level, tangents.entered = tangents.entered, None
    replacing.let_go()
    if level is not None:
        level.clear()
