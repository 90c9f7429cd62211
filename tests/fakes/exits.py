"""`sin` ends the process, as a library's own error handler or a failed assertion in C does.

Caught by any case that calls sin, with status CRASH and the exit code.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from tests.fakes.base import names

globals().update(names)


def sin(x: Any) -> Any:
    print("sin of", x.shape)
    print("assertion failed: x != NULL", file=sys.stderr, flush=True)
    os._exit(3)
