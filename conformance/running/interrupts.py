"""Ctrl-C, which is remembered until a run has ended for it.

Python drops a KeyboardInterrupt where it cannot be raised: in a callback of the garbage collector (Hypothesis has one, which
runs for a good part of the time) or of a weak reference (each module has one that runs once it is imported). A run would go on
as if nothing had happened. So within `remembered` the signal is also written down, and whoever is between two programs asks.
(Rejected: to write it down only. A program without an end, or an import of seconds, could not be interrupted.)

SIGTERM, by which `timeout` and a machine that is shut down end a process, is the same to a command that is within `taken`.
`timeout` sends it twice, to the process and to its group: the second would end the writing of what the first one left.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM)

AT_ONCE = 2.0
"""Seconds within which a SIGTERM is the one before once more. Whoever sends another later means it."""

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
def taken() -> Iterator[None]:
    """SIGINT and SIGTERM raise KeyboardInterrupt, here and, as it is not passed on, SIGINT in the processes that this starts.

    A shell has what a script puts into the background ignore SIGINT, and so do all the processes that this starts: then nothing
    would end it but its death, which leaves no report.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = [signal.signal(each, signal.default_int_handler) for each in SIGNALS]
    try:
        yield
    finally:
        for each, handler in zip(SIGNALS, before, strict=True):
            signal.signal(each, handler)


@contextmanager
def remembered() -> Iterator[None]:
    """Within it Ctrl-C is remembered, if it is this process's to handle, and so is SIGTERM."""
    global _within, _pressed
    handled = {each: handler for each in SIGNALS if callable(handler := signal.getsignal(each))}
    if _within or not handled or threading.current_thread() is not threading.main_thread():
        yield
        return
    hook = sys.unraisablehook

    last = -AT_ONCE

    def press(number: int, frame: FrameType | None) -> None:
        nonlocal last
        global _pressed
        before, last = last, time.monotonic()
        if _pressed and number == signal.SIGTERM and last - before < AT_ONCE:
            return
        _pressed = True
        handled[signal.Signals(number)](number, frame)

    def dropped(unraisable: Any) -> None:
        # It is raised again at the next program: what Python says of it would look like a fault of the run.
        if not issubclass(unraisable.exc_type, KeyboardInterrupt):
            hook(unraisable)

    _within, _pressed = True, False
    for each in handled:
        signal.signal(each, press)
    sys.unraisablehook = dropped
    try:
        yield
    finally:
        sys.unraisablehook = hook
        for each, handler in handled.items():
            signal.signal(each, handler)
        _within = _pressed = False
