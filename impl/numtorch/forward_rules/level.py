"""Entering and leaving the dual level."""

from __future__ import annotations

import threading
from types import FunctionType

from .. import tangents
from ..replacing import Replaced
from .table import targets

_replaced: dict[FunctionType, Replaced] = {}

_lock = threading.Lock()


def enter() -> None:
    """Enter the dual level: operators look for tangents from now on."""
    with _lock:
        for target, name, rule in targets():
            if target not in _replaced:
                _replaced[target] = Replaced(target, name, rule)
        tangents.entered = tangents.Level()
        for replaced in _replaced.values():
            replaced.on()


def leave() -> None:
    """Leave it: the tangents are gone, and operators are what they were."""
    with _lock:
        level, tangents.entered = tangents.entered, None
        for replaced in _replaced.values():
            replaced.off()
        if level is not None:
            level.clear()
