"""`sin` begins a reply that has no end.

Caught by any case that calls sin, with status CRASH, before the harness's own memory is full.
"""

from __future__ import annotations

import gc
import io
from typing import Any

from tests.fakes.base import names

globals().update(names)


def sin(x: Any) -> Any:
    (replies,) = [f for f in gc.get_objects() if isinstance(f, io.FileIO) and f.mode == "wb" and f.fileno() > 2]
    while True:
        replies.write(b"x" * (1 << 20))
