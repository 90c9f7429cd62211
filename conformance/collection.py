"""Python's garbage collector, kept from looking where there is none."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def uncollected(*, kept: bool = False) -> Iterator[None]:
    """Within it, also as a decorator, no cycles are looked for, unless they were not before.

    The records of a run are a million objects, and live to its end: looking through them takes a third of the time in which
    they are read and reported. With `kept` nothing that is there when it ends is ever looked through: the process is about
    to end as well, and pytest would do it five times before.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if kept:
            gc.freeze()
        if collecting:
            gc.enable()
