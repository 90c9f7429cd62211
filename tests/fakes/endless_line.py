"""`sin` begins a reply that has no end.

Caught by any case that calls sin, with status CRASH, before the harness's own memory is full.
"""

from __future__ import annotations

from typing import Any

from tests.fakes.base import names, real_stdout

globals().update(names)


def sin(x: Any) -> Any:
    replies = real_stdout()
    while True:
        replies.write(b"x" * (1 << 20))
