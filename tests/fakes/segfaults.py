"""`sin` dies of a signal.

Caught by any case that calls sin, with status CRASH and the signal's name.
"""

from __future__ import annotations

import signal
from typing import Any

from tests.fakes.base import names

globals().update(names)


def sin(x: Any) -> Any:
    signal.raise_signal(signal.SIGSEGV)
