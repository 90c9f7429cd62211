"""`sin` asks for more and more memory, and uses it.

Caught by any case that calls sin, with status CRASH, before the machine is full.
"""

from __future__ import annotations

from typing import Any

from tests.fakes.base import names

globals().update(names)


def sin(x: Any) -> Any:
    held = []
    while True:
        held.append(bytearray(b"1") * (1 << 20))
