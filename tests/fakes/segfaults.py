"""`sin` dies of a signal.

Caught by any case that calls sin, with status CRASH and the signal's name.
"""

from __future__ import annotations

from signal import SIGSEGV, raise_signal  # not the module: torch has one of that name
from typing import Any

from tests.fakes.base import names

globals().update(names)


def sin(x: Any) -> Any:
    raise_signal(SIGSEGV)
