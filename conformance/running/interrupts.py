"""Ctrl-C, which is remembered until a run has ended for it.

Python drops a KeyboardInterrupt where it cannot be raised: in a callback of the garbage collector (Hypothesis has one, which
runs for a good part of the time) or of a weak reference (each module has one that runs once it is imported). A run would go on
as if nothing had happened. So within `remembered` the signal is also written down, and whoever is between two programs asks.
(Rejected: to write it down only. A program without an end, or an import of seconds, could not be interrupted.)
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_within = False
_pressed = False


def pressed() -> bool:
    """Whether Ctrl-C was pressed since the outermost `remembered` began."""
    return _pressed


def check() -> None:
    """Raises the KeyboardInterrupt that is due, if one is."""
    if _pressed:
        raise KeyboardInterrupt


@contextmanager
def remembered() -> Iterator[None]:
    """Within it Ctrl-C is remembered, if it is this process's to handle."""
    global _within, _pressed
    before = signal.getsignal(signal.SIGINT)
    if _within or not callable(before) or threading.current_thread() is not threading.main_thread():
        yield
        return
    hook = sys.unraisablehook

    def press(number: int, frame: FrameType | None) -> None:
        global _pressed
        _pressed = True
        before(number, frame)

    def dropped(unraisable: Any) -> None:
        # It is raised again at the next program: what Python says of it would look like a fault of the run.
        if not issubclass(unraisable.exc_type, KeyboardInterrupt):
            hook(unraisable)

    _within, _pressed = True, False
    signal.signal(signal.SIGINT, press)
    sys.unraisablehook = dropped
    try:
        yield
    finally:
        sys.unraisablehook = hook
        signal.signal(signal.SIGINT, before)
        _within = _pressed = False
