"""`sin` answers a request that was never made.

Caught by any case that calls sin, with status CRASH: an answer to another question is none.
"""

from __future__ import annotations

from typing import Any

from tests.fakes.base import names, real_stdout

globals().update(names)


def sin(x: Any) -> Any:
    replies = real_stdout()
    replies.write(b'{"kind":"unsupported","seq":999,"reason":"sin"}\n')
    return x
